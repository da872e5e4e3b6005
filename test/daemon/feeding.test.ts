// The main loop feeds, and the memory twin of the watchdog resets a host whose loop does not.
import { beforeEach, expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../../adapters/clock/virtual.ts';
import { memoryWatchdog, type MemoryWatchdog } from '../../adapters/watchdog/memory.ts';
import { armedFirst, type Feeding, startFeeding } from '../../src/daemon/feeding.ts';
import type { DataPlane, TargetPort } from '../../src/ports/dataplane.ts';
import { done } from '../../src/ports/outcome.ts';
import type { Signs } from '../../src/daemon/vitality.ts';

const timeoutMs = 10_000;
const teardownMs = 5_000;
let clock: VirtualClock;
let watchdog: MemoryWatchdog;
let resetAtMs: number | null;
let state: Signs;
let lines: string[];

const signs = (hasRight: boolean, pathState: string): Signs => ({
  hasRight,
  paths: [{ id: 'path/00001/1', state: pathState }],
});

beforeEach(() => {
  clock = virtualClock();
  resetAtMs = null;
  lines = [];
  state = signs(true, 'enabled');
  watchdog = memoryWatchdog({ clock, timeoutMs, reset: () => (resetAtMs ??= clock.monotonicMs()) });
});

function start(): Feeding {
  const note = (_: object, message: string): void => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  return startFeeding({ watchdog, clock, log, everyMs: 1_000, teardownMs, signs: () => state });
}

test('a host that serves with right is never reset', () => {
  start();
  clock.advance(3_600_000);
  expect(resetAtMs).toBeNull();
  expect(lines).toEqual([]);
});

test('a host that cannot stop serving is reset within the teardown and the timeout, and says so once', () => {
  start();
  clock.advance(20_000);
  state = signs(false, 'fenced.stuck');
  clock.advance(60_000);
  expect(resetAtMs).toBeGreaterThan(20_000);
  expect(resetAtMs).toBeLessThanOrEqual(20_000 + teardownMs + timeoutMs);
  expect(lines).toEqual(['the watchdog is not fed: it will reset this host']);
});

test('a host whose teardown is proven before the timeout lives on', () => {
  start();
  clock.advance(20_000);
  state = signs(false, 'fenced.stuck');
  clock.advance(teardownMs + 2_000);
  state = signs(false, 'fenced.freeing');
  clock.advance(60_000);
  expect(resetAtMs).toBeNull();
  expect(lines.at(-1)).toBe('the watchdog is fed again');
});

test('the device is not armed before the node has the right to serve', () => {
  state = signs(false, 'enabled');
  start();
  clock.advance(60_000);
  expect(watchdog.isArmed).toBe(false);
});

test('the end of an empty node disarms, the end of one that serves does not', async () => {
  const feeding = start();
  state = signs(true, 'enabled');
  await feeding.stop();
  expect(watchdog.isArmed).toBe(true);
  clock.advance(timeoutMs);
  expect(resetAtMs).toBe(timeoutMs);

  const second = start();
  state = signs(false, 'unlocked.idle');
  await second.stop();
  expect(watchdog.isArmed).toBe(false);
});

test('no portal is opened before the device is armed', async () => {
  const opened: string[] = [];
  const target = { ensureOpen: async ({ ip }) => (opened.push(ip), done(null)) } as Partial<TargetPort> as TargetPort;
  state = signs(false, 'mapped.opening');
  const feeding = start();
  const guarded = armedFirst({ target } as Partial<DataPlane> as DataPlane, (options) => feeding.arm(options));
  const open = () => guarded.target.ensureOpen({ iqn: 'iqn', ip: '10.0.0.1', port: 3260 }, { deadlineMs: 1_000 });
  expect(await open()).toMatchObject({ kind: 'refused', reason: 'the watchdog is not armed: nobody has fed it' });
  expect(opened).toEqual([]);
  state = signs(true, 'mapped.opening');
  expect(await open()).toEqual(done(null));
  expect(watchdog.isArmed).toBe(true);
  expect(opened).toEqual(['10.0.0.1']);
});
