// The memory twin of the backstores: an image is there, with the size that it is given, unless a fault says otherwise.
import type { Backing, BackstorePort, BackstoreSpec } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryHost } from '../memory-host.ts';

const sizeBytesByDefault = 64 * 1024 * 1024;

/** `sizeBytes`: of every image as it is now; null: there is none. */
export function memoryBackstore(
  host: MemoryHost,
  guard: Guard,
  sizeBytes: () => number | null = () => sizeBytesByDefault,
): BackstorePort {
  return {
    ensureAttached: ({ disk, spec }, options) =>
      guard('backstore.ensureAttached', options, () => {
        const size = sizeBytes();
        if (size === null) return refused(`the image of disk ${disk} does not exist`, 'gone');
        host.attached.add(disk);
        return done(backingOf(spec, disk, size));
      }),
    ensureDetached: ({ disk }, options) =>
      guard('backstore.ensureDetached', options, () => {
        host.attached.delete(disk);
        return done(null);
      }),
  };
}

function backingOf(spec: BackstoreSpec, disk: string, sizeBytes: number): Backing {
  if (spec.kind === 'rbd') return { kind: 'block', path: `/dev/rbd/${spec.pool}/${spec.image}`, sizeBytes };
  if (spec.kind === 'lvm') return { kind: 'block', path: `/dev/${spec.group}/${spec.volume}`, sizeBytes };
  return { kind: spec.kind, path: 'path' in spec ? spec.path : disk, sizeBytes };
}
