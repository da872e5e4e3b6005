// An image that the target opens itself, in its own process: nothing is mapped on this host.
import { done } from '../../src/ports/outcome.ts';
import { imageSize, nameOf, type Way, withoutCache } from './rbd-command.ts';

/**
 * Ceph is asked here first, by a command that can be killed: a target that asks a Ceph which does not answer serves
 * nobody meanwhile.
 */
export function librbdImage({ conf, id }: { readonly conf: string; readonly id: string }): Way {
  return {
    async attach(rbd, image) {
      const path = nameOf(image);
      const [size, uncached] = await Promise.all([imageSize(rbd, path), withoutCache(rbd, path)]);
      if (size.kind !== 'done') return size;
      return uncached.kind === 'done' ? done({ kind: 'rbd', path, sizeBytes: size.value, conf, id }) : uncached;
    },
    // The target closes the image with its LUN.
    detach: async () => done(null),
  };
}
