// The software watchdog of a real kernel, told to say that it would reset instead of doing so. Run by `npm run vm`
// alone: on a host it could arm the device of that host.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkWatchdog } from '../../../adapters/watchdog/check.ts';
import { deviceWatchdog } from '../../../adapters/watchdog/device.ts';
import { createRunner } from '../../../adapters/run.ts';
import type { WatchdogPort } from '../../../src/ports/watchdog.ts';
import { mustOf } from '../dataplane/world.ts';

const patience = { deadlineMs: 20_000 };
const must = mustOf(createRunner(), patience);
const device = '/dev/watchdog';
const marginSeconds = 5;

describe('on a kernel with softdog', () => {
  let watchdog: WatchdogPort;
  const state = async (): Promise<string> =>
    (await readFile('/sys/class/watchdog/watchdog0/state', 'utf8')).trim();
  const resets = async (): Promise<number> => (await must('dmesg')).split('softdog: Triggered').length - 1;

  beforeAll(async () => {
    await must(`modprobe softdog soft_margin=${String(marginSeconds)} soft_noboot=1`);
    watchdog = deviceWatchdog({ device, tokenAgeMs: 20_000, onOpened: () => {}, onFailed: () => {} });
  });
  afterAll(async () => {
    watchdog.abandon();
    await must('modprobe -r softdog');
  });

  test('the device is known for what it is, and asking does not arm it', async () => {
    const identity = 'Software Watchdog';
    expect(await checkWatchdog(device, 10_000)).toEqual({ kind: 'fits', identity, warning: null });
    expect(await checkWatchdog(device, 4000)).toMatchObject({ kind: 'unfit', identity });
    expect(await state()).toBe('inactive');
  });

  test('the first feed arms it, and an end in order disarms it', async () => {
    watchdog.feed();
    expect(await watchdog.armed(patience)).toEqual({ kind: 'done', value: null });
    expect(await state()).toBe('active');
    await watchdog.disarm();
    expect(await state()).toBe('inactive');
  });

  test('the death of its holder leaves it armed, and nobody who feeds it has the host reset', async () => {
    const before = await resets();
    watchdog.feed();
    await watchdog.armed(patience);
    watchdog.abandon();
    await expect.poll(resets, { timeout: 60_000 }).toBe(before + 1);
    expect(await state()).toBe('active');
  });

  test('the next holder takes over what is armed', async () => {
    watchdog.feed();
    expect(await watchdog.armed(patience)).toEqual({ kind: 'done', value: null });
    await watchdog.disarm();
    expect(await state()).toBe('inactive');
  });
});
