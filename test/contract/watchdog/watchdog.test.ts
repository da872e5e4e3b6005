// What the daemon counts on of a watchdog, real helper process or memory twin. A plain file stands in for the device;
// softdog.test.ts has one of a kernel.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../adapters/clock/virtual.ts';
import { deviceWatchdog } from '../../../adapters/watchdog/device.ts';
import { memoryWatchdog } from '../../../adapters/watchdog/memory.ts';
import type { WatchdogPort } from '../../../src/ports/watchdog.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp('/tmp/pathwarden-watchdog-');
});
afterAll(() => rm(folder, { recursive: true }));

const patience = { deadlineMs: 10_000 };
let devices = 0;

async function realWatchdog(): Promise<WatchdogPort> {
  devices += 1;
  const device = join(folder, `watchdog${String(devices)}`);
  await writeFile(device, '');
  return deviceWatchdog({ device, tokenAgeMs: 10_000, onOpened: () => {}, onFailed: () => {} });
}

const twin = () => memoryWatchdog({ clock: virtualClock(), timeoutMs: 10_000, reset: () => {} });

describe.each([
  { name: 'device', make: realWatchdog },
  { name: 'memory', make: () => Promise.resolve(twin()) },
])('the $name watchdog', ({ make }) => {
  test('is armed by the first feed, and by nothing else', async () => {
    const watchdog = await make();
    expect(await watchdog.armed(patience)).toEqual({ kind: 'refused', reason: 'nobody has fed it' });
    watchdog.feed();
    watchdog.feed();
    expect(await watchdog.armed(patience)).toEqual({ kind: 'done', value: null });
    await watchdog.disarm();
  });

  test('is not armed any more once it was disarmed, and can be fed anew', async () => {
    const watchdog = await make();
    watchdog.feed();
    await watchdog.armed(patience);
    await watchdog.disarm();
    expect(await watchdog.armed(patience)).toMatchObject({ kind: 'refused' });
    watchdog.feed();
    expect(await watchdog.armed(patience)).toMatchObject({ kind: 'done' });
    await watchdog.disarm();
  });

  test('can be disarmed and left without ever having been fed', async () => {
    const watchdog = await make();
    await watchdog.disarm();
    watchdog.abandon();
    expect(await watchdog.armed(patience)).toMatchObject({ kind: 'refused' });
  });
});

test('the real one writes a byte for each feed and the magic close at the end', async () => {
  const watchdog = await realWatchdog();
  for (let time = 1; time <= 3; time += 1) watchdog.feed();
  await watchdog.armed(patience);
  await watchdog.disarm();
  expect(await readFile(join(folder, `watchdog${String(devices)}`), 'utf8')).toBe('...V');
});
