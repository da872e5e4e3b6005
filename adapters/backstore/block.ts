// A block device by a path that means the same device on every gateway: multipath, by-id, a shared LUN.
import type { BackstorePort } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';
import { openDevice } from './open-image.ts';

/** Like `file`, but never a regular file: one that stands where the device should be is a mount or a typing error. */
export function blockBackstore({ run }: { run: Run }): BackstorePort {
  return {
    async ensureAttached({ spec }, options) {
      if (spec.kind !== 'block') return refused(`the block backstore cannot serve a ${spec.kind} image`);
      const device = await openDevice(run, spec.path, options);
      if (device.kind !== 'done') return device;
      return done({ kind: 'block', path: spec.path, sizeBytes: device.value.sizeBytes });
    },
    ensureDetached: async () => done(null),
  };
}
