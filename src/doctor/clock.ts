// Clocks. Deadlines count on the monotonic one; the wall clock is for people and for comparing journals.
import type { HostPort } from '../ports/doctor.ts';
import { type Finding, install, sayIn } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('clock');
const coarse = new Set(['jiffies', 'refined-jiffies']);
const sources = 'cat /sys/devices/system/clocksource/clocksource0/available_clocksource';
/** A busy host is late, and a clock that is being corrected runs a little fast or slow. */
const driftMostMs = 50;

export const clockFindings = ({ ports: { host } }: Setup): Promise<readonly Finding[]> =>
  Promise.all([synchronised(host), monotonic(host)]);

async function synchronised(host: HostPort): Promise<Finding> {
  const what = 'synchronised';
  const answer = await host.clockSynchronised();
  if (answer.kind !== 'done') return say.unknown(what, answer.reason, install('chrony'));
  const { is, by } = answer.value;
  if (is) return say.ok(what, `yes, says ${by}`);
  return say.warning(what, `no, says ${by}: times in journals cannot be compared`, 'timedatectl set-ntp true');
}

async function monotonic(host: HostPort): Promise<Finding> {
  const what = 'monotonic';
  const [{ monotonicMs, wallMs }, source] = await Promise.all([host.clocksPassed(), host.clockSource()]);
  const name = source.kind === 'done' ? source.value : 'source unknown';
  if (coarse.has(name)) return say.warning(what, `${name}: it is coarse, and deadlines with it`, sources);
  if (monotonicMs <= 0) {
    return say.failure(what, `${name}: it stands still, so no deadline would come`, 'dmesg | grep -i clock');
  }
  if (Math.abs(monotonicMs - wallMs) <= driftMostMs) return say.ok(what, `runs, ${name}`);
  const found = `${name}: it saw ${ms(monotonicMs)} pass and the wall clock ${ms(wallMs)}; one of them jumped`;
  return say.warning(what, found, 'pathwarden doctor   # again: a wall clock that was just set looks the same');
}

const ms = (value: number): string => `${String(Math.round(value))} ms`;
