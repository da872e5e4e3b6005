// Images of Ceph that tgtd has open in its own process.
import { type CallOptions, done, type Outcome } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';
import { tgtAdmin } from './tgt-admin.ts';

/** Of every target, foreign ones included, as `rbd/image-1 of target iqn.…`. No tgtd installed: none. */
export function tgtRbdImages(settings: { readonly run: Run; readonly controlPort: number }) {
  const admin = tgtAdmin(settings);
  return async (options: CallOptions): Promise<Outcome<readonly string[]>> => {
    const targets = await admin.targets(options);
    if (targets.kind === 'refused' && targets.code === 'missing') return done([]);
    if (targets.kind !== 'done') return targets;
    const open = targets.value.flatMap(({ iqn, luns }) =>
      [...luns.values()]
        .filter((lun) => lun.get('Backing store type') === 'rbd')
        .map((lun) => `${lun.get('Backing store path') ?? 'an image'} of target ${iqn}`),
    );
    return done(open);
  };
}
