// The clocks of this host.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import type { Run } from '../run.ts';

const patience = { deadlineMs: 3000 };
const watchMs = 200;

export async function clockSynchronised(run: Run): Promise<Outcome<{ is: boolean; by: string }>> {
  const systemd = await run(['timedatectl', 'show', '--property=NTPSynchronized', '--value'], patience);
  const said = systemd.kind === 'exited' && systemd.code === 0 ? systemd.stdout.trim() : '';
  if (said === 'yes' || said === 'no') return done({ is: said === 'yes', by: 'timedatectl' });
  const chrony = await run(['chronyc', '-n', 'tracking'], patience);
  const leap = chrony.kind === 'exited' ? /^Leap status\s*: (.+)$/m.exec(chrony.stdout)?.[1] : undefined;
  if (leap !== undefined) return done({ is: leap.trim() !== 'Not synchronised', by: 'chronyc' });
  return unknown('neither timedatectl nor chronyc says so');
}

export async function clockSource(root: string): Promise<Outcome<string>> {
  const file = `${root}/sys/devices/system/clocksource/clocksource0/current_clocksource`;
  const name = await readFile(file, 'utf8').catch(() => null);
  return name === null ? unknown(`${file} cannot be read`) : done(name.trim());
}

/** Over a moment. Both are read at once, so a busy host delays both. */
export async function clocksPassed(): Promise<{ monotonicMs: number; wallMs: number }> {
  const before = { monotonic: process.hrtime.bigint(), wall: Date.now() };
  await pause(watchMs);
  const monotonicMs = Number(process.hrtime.bigint() - before.monotonic) / 1e6;
  return { monotonicMs, wallMs: Date.now() - before.wall };
}
