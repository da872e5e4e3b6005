// The daemon is stopped in the middle of whatever it does, and goes on later as if no time had passed.
import { now, sleep, until } from '../../clock.ts';
import { bar, keep, type Report } from '../../report.ts';
import type { Lab } from '../../lab.ts';
import { keepUndisturbed } from '../restart.ts';
import type { Scenario } from '../scenario.ts';
import {
  failIfTaken, follower, isBeingExcluded, keepMargin, leaseMs, stoppedAfterMs, takenOver, type Victim,
} from './fault.ts';

/** After a pause that was too long: from going on to having stopped all service. */
const teardownBarMs = 3000;
/** With heartbeats that exclude, a second of silence is a lost node. */
const patient = { peers: { exclude: false } } as const;

export const pauseDaemonShort: Scenario = {
  name: 'pause-daemon-short',
  what: 'a daemon is paused for less than its lease: nothing moves',
  settings: patient,
  async run(lab, report) {
    const { host, paths } = await follower(lab);
    const from = now();
    lab.gateway(host.name).pause();
    await sleep(leaseMs(lab) / 2);
    lab.gateway(host.name).resume();
    await sleep(lab.settings.ttlMs / 2);
    await keepUndisturbed(lab, report, 'pauseDaemonShort', { node: host.name, paths, from });
  },
};

export const pauseDaemonLong: Scenario = {
  name: 'pause-daemon-long',
  what: 'a daemon is paused for longer than its lease and wakes before anybody excluded it',
  settings: patient,
  async run(lab, report) {
    const hit = await follower(lab);
    lab.gateway(hit.host.name).pause();
    // Its session still exists: only its own deadline tells it that it may not go on.
    await sleep(leaseMs(lab) + lab.settings.marginMs / 3);
    failIfTaken(lab, report, 'pauseDaemonLong', hit);
    await wake(lab, report, 'pauseDaemonLong', hit);
    await lab.allServed(30_000);
  },
};

export const pauseDaemonFenced: Scenario = {
  name: 'pause-daemon-fenced',
  what: 'a daemon is paused until others excluded it: the fence takes the power of its host',
  async run(lab, report) {
    const hit = await follower(lab);
    const from = now();
    lab.gateway(hit.host.name).pause();
    await takenOver(lab, report, 'pauseDaemonFenced', hit, from, lab.settings.ttlMs * 2 + 10_000);
    if (hit.host.powered) report.failures.push('pauseDaemonFenced: paths were taken while the host had power');
    keepMargin(lab, report, 'pauseDaemonFencedMarginMs', hit, from);
  },
};

export const pauseDaemonUnfenced: Scenario = {
  name: 'pause-daemon-unfenced',
  what: 'the same while the power switch does not work: nobody may take over until the daemon wakes and proves',
  async run(lab, report) {
    const hit = await follower(lab);
    lab.power.broken = true;
    lab.gateway(hit.host.name).pause();
    await sleep(leaseMs(lab) + 3000);
    failIfTaken(lab, report, 'pauseDaemonUnfenced', hit);
    if (!(await isBeingExcluded(lab, hit))) report.failures.push('pauseDaemonUnfenced: nobody wanted its paths');
    const woken = await wake(lab, report, 'pauseDaemonUnfenced', hit);
    await lab.allServed(30_000);
    keep(report, 'pauseDaemonUnfencedServedMs', now() - woken);
  },
};

/** The daemon goes on: its deadline is the first thing that it sees, and it serves nothing before all is torn down. */
async function wake(lab: Lab, report: Report, name: string, hit: Victim): Promise<number> {
  const gateway = lab.gateway(hit.host.name);
  const wokenAt = Date.now();
  const woken = now();
  gateway.resume();
  await until(`${hit.host.name} stops serving`, 20_000, () => stoppedAfterMs(lab, hit, woken) < Infinity, 20);
  bar(report, `${name}StoppedMs`, stoppedAfterMs(lab, hit, woken), teardownBarMs);
  const [first] = await gateway.eventsSince(wokenAt);
  if (first?.event.type !== 'lease.expired') {
    report.failures.push(`${name}: the first that the daemon heard was ${first?.event.type ?? 'nothing'}`);
  }
  return woken;
}
