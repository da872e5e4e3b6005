// A host dies under I/O, and Ceph is the fence.
import { now } from '../../clock.ts';
import { follower, takenOver } from '../faults/fault.ts';
import type { Scenario } from '../scenario.ts';
import { expectRefused, untilBack } from './refused.ts';

const servedBarMs = 10_000;

export const cephKillHost: Scenario = {
  name: 'ceph-kill-host',
  what: 'a host is killed: Ceph refuses it, others serve its paths; it boots, and clears itself',
  async run(lab, report) {
    const hit = await follower(lab);
    await expectRefused(lab, report, 'cephKillHost: before', []);
    const from = now();
    await lab.powerOff(hit.host.name);
    await takenOver(lab, report, 'cephKillHost', hit, from, servedBarMs);
    await expectRefused(lab, report, 'cephKillHost: after the takeover', [hit.host]);
    const booted = now();
    await lab.boot(hit.host.name);
    await untilBack(lab, report, 'cephKillHost', hit.host, booted);
  },
};
