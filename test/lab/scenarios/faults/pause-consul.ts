// A Consul agent hangs: it is there, accepts connections, and answers nothing. The host's daemon has no other one.
import { now, sleep } from '../../clock.ts';
import type { Lab } from '../../lab.ts';
import type { Report } from '../../report.ts';
import type { Scenario } from '../scenario.ts';
import { follower, keepMargin, leader, takenOver, type Victim } from './fault.ts';

export const pauseConsul: Scenario = {
  name: 'pause-consul',
  what: 'the Consul agent of a host is paused; it does not lead',
  run: async (lab, report) => paused(lab, report, 'pauseConsul', await follower(lab)),
};

export const pauseConsulLeader: Scenario = {
  name: 'pause-consul-leader',
  what: 'the Consul agent that leads is paused',
  run: async (lab, report) => paused(lab, report, 'pauseConsulLeader', await leader(lab)),
};

async function paused(lab: Lab, report: Report, name: string, hit: Victim): Promise<void> {
  const from = now();
  lab.consul.pause(hit.host);
  await takenOver(lab, report, name, hit, from, 30_000);
  keepMargin(lab, report, `${name}MarginMs`, hit, from);
  lab.consul.resume(hit.host);
  await sleep(1000);
}
