// tgtd as the doctor sees it: whether it answers, what it listens on, and how large it shows disks.
import type { ShownSizesPort, TgtPort } from '../../src/ports/doctor.ts';
import { isWildcard } from '../../src/ports/ip.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';
import { portalText, type TgtAdmin, tgtAdmin } from './tgt-admin.ts';

export function tgtLook(settings: { readonly run: Run; readonly controlPort: number }): TgtPort & ShownSizesPort {
  const admin = tgtAdmin(settings);
  return {
    shownMegabytes: () => shownMegabytes(admin),
    async observe() {
      const portals = await admin.portals({ deadlineMs: 5000 });
      if (portals.kind !== 'done') return portals;
      const wildcard = portals.value.find(({ ip }) => isWildcard(ip));
      return done({ portals: portals.value.length, wildcard: wildcard === undefined ? null : portalText(wildcard) });
    },
  };
}

async function shownMegabytes(admin: TgtAdmin): Promise<Outcome<ReadonlyMap<string, number>>> {
  const targets = await admin.targets({ deadlineMs: 5000 });
  if (targets.kind !== 'done') return targets;
  const sizes = new Map<string, number>();
  for (const { luns } of targets.value) {
    const disk = luns.get(1);
    const [wwn, megabytes] = [disk?.get('SCSI SN'), /^(\d+) MB\b/.exec(disk?.get('Size') ?? '')?.[1]];
    if (wwn !== undefined && megabytes !== undefined) sizes.set(wwn, Number(megabytes));
  }
  return done(sizes);
}
