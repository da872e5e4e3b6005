// The watchdog of a host, and the daemon's own code that feeds it. The device runs on true time, whatever stands still
// on the host, and outlives the daemon.
import { memoryWatchdog } from '../../adapters/watchdog/memory.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { servesNothing } from '../../src/daemon/empty.ts';
import { startFeeding, type Feeding, type NotedDataPlane } from '../../src/daemon/feeding.ts';
import { silentLog } from '../../src/daemon/log.ts';
import { signsOf } from '../../src/daemon/vitality.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';
import type { Parts } from './parts.ts';
import { times } from './shape.ts';
import type { Timeline } from './timeline.ts';

const bootMs = 15_000;
const feedEveryMs = 1_000;

/** One for each boot. */
export function watchdogFor({ world, shape }: Parts, reset: () => void): WatchdogPort | null {
  if (shape.watchdogMs === null) return null;
  const clock = { monotonicMs: () => world.nowMs, wallMs: () => world.nowMs, after: world.after.bind(world) };
  return memoryWatchdog({ clock, timeoutMs: shape.watchdogMs, reset });
}

export const feedingOf = (
  watchdog: WatchdogPort,
  daemon: Daemon,
  process: Timeline,
  { dataPlane, hasBeenRead }: NotedDataPlane,
): Feeding =>
  startFeeding({
    watchdog, clock: process, log: silentLog, everyMs: feedEveryMs, teardownMs: times.teardownMs,
    signs: () => signsOf(daemon.engine.registry, daemon.lease, hasBeenRead()),
    servesNothing: () => servesNothing(daemon, dataPlane),
  });

export const bootAfterResetMs = bootMs;
