// The main loop feeds, and the memory twin of the watchdog resets a host whose loop does not.
import { beforeEach, expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../../adapters/clock/virtual.ts';
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import { memoryWatchdog, type MemoryWatchdog } from '../../adapters/watchdog/memory.ts';
import { armedFirst, type Feeding, noteReads, startFeeding } from '../../src/daemon/feeding.ts';
import { mayServe, type Signs } from '../../src/daemon/vitality.ts';

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
  const servesNothing = async () => !state.paths.some((path) => mayServe(path.state));
  return startFeeding({ watchdog, clock, log, everyMs: 1_000, teardownMs, signs: () => state, servesNothing });
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

const twin = () => memoryDataPlane({ node: 'n1', network: memoryNetwork(), clock });
const options = { deadlineMs: 1_000 };
const portal = { iqn: 'iqn.2026-01.net.example:d1', ip: '10.0.0.1', port: 3260 };

test('no portal is opened before the device is armed', async () => {
  state = signs(false, 'mapped.opening');
  const feeding = start();
  const dataPlane = armedFirst(twin(), (given) => feeding.arm(given));
  const reason = 'the watchdog is not armed: nobody has fed it';
  expect(await dataPlane.target.ensureOpen(portal, options)).toEqual({ kind: 'refused', reason });
  state = signs(true, 'mapped.opening');
  // Now it is the target's own answer: nothing is defined there.
  expect(await dataPlane.target.ensureOpen(portal, options)).not.toMatchObject({ reason });
  expect(watchdog.isArmed).toBe(true);
});

test('a node is known once its targets and its addresses were read', async () => {
  const { dataPlane, hasBeenRead } = noteReads(twin());
  await dataPlane.target.observe(options);
  expect(hasBeenRead()).toBe(false);
  await dataPlane.address.observe(options);
  expect(hasBeenRead()).toBe(true);
});
