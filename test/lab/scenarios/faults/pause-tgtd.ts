// The target hangs: addresses are up and portals open, and no write comes back.
import { now, sleep, until } from '../../clock.ts';
import { slowestByPath, writes } from '../../measure.ts';
import { keep, largest } from '../../report.ts';
import type { Scenario } from '../scenario.ts';
import { follower } from './fault.ts';

const pauseMs = 12_000;

export const pauseTarget: Scenario = {
  name: 'pause-target',
  what: 'a target daemon hangs: pathwarden says so, and goes on when it does',
  async run(lab, report) {
    const hit = await follower(lab);
    const from = now();
    lab.targets.pause(hit.host);
    const says = async (): Promise<boolean> => (await lab.gateway(hit.host.name).reasons()).includes('data plane:');
    await until('the daemon says that it cannot read its target', pauseMs, says, 100);
    keep(report, 'pauseTargetSaidMs', now() - from);
    await sleep(Math.max(0, from + pauseMs - now()));
    const window = { from, to: now() };
    keep(report, 'pauseTargetPathsMoved', hit.paths.filter((path) => lab.server(path) !== hit.host.name).length);
    const elsewhere = await writes(lab, hit.others, window);
    keep(report, 'pauseTargetOtherPathsFailedWrites', elsewhere.failed);
    lab.targets.resume(hit.host);
    await until('the daemon can read its target again', 30_000, async () => !(await says()), 100);
    await lab.allServed(30_000);
    await sleep(2000);
    keep(report, 'pauseTargetSlowestWriteMs', largest(await slowestByPath(lab, hit.paths, { from, to: now() })));
  },
};

