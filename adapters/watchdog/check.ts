// What the kernel says of a watchdog, read from sysfs: opening the device to ask it would arm it, and closing it again
// could disarm one that is about to reset the host.
import { access, constants, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { softwareIdentity, type WatchdogCheck } from '../../src/ports/watchdog.ts';

const magicCloseBit = 0x100;

/** Whether this device resets the host within `timeoutMs`, and also when the process that holds it just ends. */
export async function checkWatchdog(
  device: string,
  timeoutMs: number,
  folder = '/sys/class/watchdog',
): Promise<WatchdogCheck> {
  const writable = await access(device, constants.W_OK).then(
    () => true,
    () => false,
  );
  const name = basename(device) === 'watchdog' ? 'watchdog0' : basename(device);
  const fact = (what: string): Promise<string | null> =>
    readFile(join(folder, name, what), 'utf8').then(
      (text) => text.trim(),
      () => null,
    );
  const [timeout, said, nowayout, options] = await Promise.all(
    ['timeout', 'identity', 'nowayout', 'options'].map(fact),
  );
  const identity = said ?? 'unknown';
  const unfit = (reason: string): WatchdogCheck => ({ kind: 'unfit', identity, reason });
  if (!writable) return unfit(`${device} is not there or cannot be written: load the driver of the watchdog`);
  const seconds = Number(timeout ?? '');
  if (!(seconds > 0)) return unfit(`${join(folder, name, 'timeout')} does not say when ${device} resets the host`);
  if (seconds * 1000 > timeoutMs) {
    const advice = 'set the timeout of its driver, or watchdog.timeoutMs';
    return unfit(`${device} resets the host after ${seconds} s, and watchdog.timeoutMs is ${timeoutMs}: ${advice}`);
  }
  const closing = closingOf(identity, nowayout ?? null, options ?? null);
  if (closing === 'disarms') return unfit(`${device} is disarmed when its holder dies: set nowayout=1 of its driver`);
  const doubt = `the kernel does not say whether the death of its holder disarms ${device}: nowayout=1 makes it sure`;
  return { kind: 'fits', identity, warning: closing === 'unknown' ? doubt : null };
}

/** Kernels before 6.4 do not show the options of a driver; softdog has had the magic close in all of them. */
function closingOf(
  identity: string,
  nowayout: string | null,
  options: string | null,
): 'stays armed' | 'disarms' | 'unknown' {
  if (nowayout === '1') return 'stays armed';
  if (options === null) return identity === softwareIdentity ? 'stays armed' : 'unknown';
  return (Number(options) & magicCloseBit) === 0 ? 'disarms' : 'stays armed';
}
