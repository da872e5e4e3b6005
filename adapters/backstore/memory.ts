// The memory twin of the backstore: an image is there, with the size that it is given, unless a fault says otherwise.
import type { BackstorePort } from '../../src/ports/dataplane.ts';
import { done } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryHost } from '../memory-host.ts';

const sizeBytesByDefault = 64 * 1024 * 1024;

export function memoryBackstore(host: MemoryHost, guard: Guard, sizeBytes = sizeBytesByDefault): BackstorePort {
  return {
    ensureAttached: ({ disk, spec }, options) =>
      guard('backstore.ensureAttached', options, () => {
        host.attached.add(disk);
        const path = spec.kind === 'file' ? spec.path : disk;
        return done({ kind: spec.kind, path, sizeBytes });
      }),
    ensureDetached: ({ disk }, options) =>
      guard('backstore.ensureDetached', options, () => {
        host.attached.delete(disk);
        return done(null);
      }),
  };
}
