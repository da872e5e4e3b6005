// Images of one Ceph: mapped by the kernel (krbd), by rbd-nbd (nbd), or opened by the target itself (librbd).
import type { BackstorePort, BackstoreSpec } from '../../src/ports/dataplane.ts';
import { refused } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';
import { rbdCommand, type Way } from './rbd-command.ts';
import { librbdImage } from './rbd-librbd.ts';
import { mappedImage } from './rbd-mapped.ts';

export interface RbdSettings {
  readonly run: Run;
  /** The cluster's configuration file; it also says where the user's key is. */
  readonly conf: string;
  /** `pathwarden` for the user client.pathwarden. */
  readonly id: string;
  readonly via: 'krbd' | 'nbd' | 'librbd';
  /** As in `rbd device map --options`, for example `queue_depth=256`. */
  readonly mapOptions?: string;
  /** Where `/proc` is. */
  readonly root?: string;
}

export function rbdBackstore(settings: RbdSettings): BackstorePort {
  const way = wayOf(settings);
  const refusal = ({ kind }: BackstoreSpec) => refused(`the rbd backstore cannot serve a ${kind} image`);
  return {
    ensureAttached: async ({ spec }, options) =>
      spec.kind === 'rbd' ? way.attach(rbdCommand(settings, options), spec) : refusal(spec),
    ensureDetached: async ({ spec }, options) =>
      spec.kind === 'rbd' ? way.detach(rbdCommand(settings, options), spec) : refusal(spec),
  };
}

function wayOf({ via, conf, id, mapOptions, root }: RbdSettings): Way {
  if (via === 'librbd') return librbdImage({ conf, id });
  return mappedImage({
    type: via,
    ...(mapOptions === undefined ? {} : { mapOptions }),
    ...(root === undefined ? {} : { root }),
  });
}
