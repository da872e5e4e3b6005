// A raw image on shared storage, as a file or a block device. It is only looked at: never created or written.
import type { Backing, BackstorePort, BackstoreSpec } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';
import { openImage } from './open-image.ts';

export function fileBackstore(settings: { run: Run }): BackstorePort {
  return {
    ensureAttached: ({ spec }, options) => attach(settings.run, spec, options),
    // Nothing is held between the calls: the target is the one that opens the image.
    ensureDetached: async () => done(null),
  };
}

async function attach(run: Run, spec: BackstoreSpec, options: CallOptions): Promise<Outcome<Backing>> {
  if (spec.kind !== 'file') return refused(`the file backstore cannot serve a ${spec.kind} image`);
  const image = await openImage(run, spec.path, options);
  if (image.kind !== 'done') return image;
  return done({ kind: image.value.isDevice ? 'block' : 'file', path: spec.path, sizeBytes: image.value.sizeBytes });
}
