// A host is lost while the cluster is under maintenance.
import { now, sleep, until } from '../../clock.ts';
import type { Gateway } from '../../gateway.ts';
import type { Lab } from '../../lab.ts';
import type { Report } from '../../report.ts';
import type { Scenario } from '../scenario.ts';
import { failIfTaken, follower, takenOver, type Victim } from './fault.ts';

const lostMs = 60_000;
/** Longer than any step towards a takeover lasts. */
const patienceMs = 4000;

export const maintenance: Scenario = {
  name: 'maintenance',
  what: 'a host dies under maintenance: it is not fenced, and its paths wait until the maintenance ends',
  async run(lab, report) {
    const hit = await follower(lab);
    const operator = lab.gateways.find(({ host }) => host !== hit.host);
    if (operator === undefined) throw new Error('no host is left');
    await operator.post('node', { type: 'operator.maintain' });
    try {
      await lostUnderMaintenance(lab, report, hit, operator);
    } finally {
      await operator.post('node', { type: 'operator.endMaintenance' });
    }
    await takenOver(lab, report, 'maintenanceEnded', hit, now(), 10_000);
  },
};

async function lostUnderMaintenance(lab: Lab, report: Report, hit: Victim, operator: Gateway): Promise<void> {
  const fencedBefore = lab.power.requests.length;
  await lab.powerOff(hit.host.name);
  await until('every path of the dead host says that it waits', lostMs, async () => {
    const paths = (await operator.cluster()).disks.flatMap((disk) => disk.paths);
    return paths.filter(({ waits }) => waits !== null).length === hit.paths.length;
  });
  await sleep(patienceMs);
  failIfTaken(lab, report, 'maintenance', hit);
  if (lab.power.requests.length > fencedBefore) report.failures.push('maintenance: somebody was fenced');
}
