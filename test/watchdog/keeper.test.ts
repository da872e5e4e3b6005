// Real processes: a main loop, the helper that holds the device, and a FIFO as the device. A second, healthy pair is
// the clock: what it was fed meanwhile shows how long the other one was not.
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { deviceWatchdog } from '../../adapters/watchdog/device.ts';
import { openStage, type Stage } from './stage.ts';

const open: Stage[] = [];
const stage = async (settings?: Parameters<typeof openStage>[0]): Promise<Stage> => {
  const opened = await openStage(settings);
  open.push(opened);
  return opened;
};
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** What came while a healthy pair was fed this often, after what was still under way had come. */
async function fedWhile(healthy: Stage, turns: number, of: Stage): Promise<number> {
  await healthy.device.more(10);
  const before = of.device.bytes.length;
  await healthy.device.more(turns);
  return of.device.bytes.length - before;
}

test('each turn of the main loop feeds once, and the device stays open', async () => {
  const { device } = await stage();
  await device.more(5);
  expect(device.bytes).toMatch(/^\.+$/);
});

test('an end in order writes the magic close, and then the device is closed', async () => {
  const { feeder, device } = await stage();
  await device.more(2);
  feeder.send('disarm');
  await device.ended;
  expect(device.bytes).toMatch(/^\.+V$/);
});

test('an end that leaves the device armed writes no magic close', async () => {
  const { feeder, device } = await stage();
  await device.more(2);
  feeder.send('abandon');
  await device.ended;
  expect(device.bytes).toMatch(/^\.+$/);
});

test('a main loop that is killed ends the feeding, without a magic close', async () => {
  const { feeder, device } = await stage();
  await device.more(2);
  feeder.kill('SIGKILL');
  await device.ended;
  expect(device.bytes).toMatch(/^\.+$/);
});

test.each(['SIGSTOP', 'block'])('a main loop that hangs feeds nothing: %s', async (how) => {
  const [sick, healthy] = await Promise.all([stage(), stage()]);
  await sick.device.more(2);
  if (how === 'block') sick.feeder.send('block');
  else sick.feeder.kill('SIGSTOP');
  expect(await fedWhile(healthy, 50, sick)).toBe(0);
  if (how === 'block') return;
  sick.feeder.kill('SIGCONT');
  await sick.device.more(2);
});

test('a signal to the whole group does not end the helper: the loop feeds on while it gives up its paths', async () => {
  const { device, keeper } = await stage();
  const pid = keeper();
  process.kill(pid, 'SIGTERM');
  process.kill(pid, 'SIGINT');
  await device.more(5);
  expect(keeper()).toBe(pid);
});

test('tokens that waited in a paused helper are too old to feed', async () => {
  const [sick, healthy] = await Promise.all([stage({ tokenAgeMs: 40 }), stage()]);
  await sick.device.more(2);
  const keeper = sick.keeper();
  process.kill(keeper, 'SIGSTOP');
  await healthy.device.more(10);
  const before = sick.device.bytes.length;
  await healthy.device.more(50);
  // The loop dies with fifty of its tokens waiting: none of them may feed.
  sick.feeder.kill('SIGKILL');
  await once(sick.feeder, 'exit');
  await healthy.device.more(5);
  process.kill(keeper, 'SIGCONT');
  await sick.device.ended;
  expect(sick.device.bytes.length - before).toBe(0);
});

test('a helper that is killed is replaced at the next turn', async () => {
  const { feeder, keeper } = await stage();
  const pid = keeper();
  process.kill(pid, 'SIGKILL');
  // The FIFO has no reader any more, so the new helper waits in its attempt to open it: it is another one.
  const changed = (): boolean => keeper() !== pid && keeper() !== 0;
  await expect.poll(changed).toBe(true);
  expect(feeder.exitCode).toBeNull();
});

test('a device that cannot be opened is said', async () => {
  const failures: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const note = (reason: string): void => {
    failures.push(reason);
    resolve();
  };
  const device = '/nonexistent/watchdog';
  const watchdog = deviceWatchdog({ device, tokenAgeMs: 1000, onOpened: () => {}, onFailed: note });
  expect(await watchdog.armed({ deadlineMs: 1000 })).toMatchObject({ kind: 'refused' });
  watchdog.feed();
  await promise;
  expect(await watchdog.armed({ deadlineMs: 1000 })).toMatchObject({ kind: 'refused' });
  await watchdog.disarm();
  expect(failures).toEqual([expect.stringContaining('ENOENT')]);
});
