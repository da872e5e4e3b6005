// The memory twin of the watchdog: takes the host's power when it was not fed in time.
import type { Clock } from '../../src/ports/clock.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';

export interface MemoryWatchdog extends WatchdogPort {
  /** How often it was fed. */
  readonly feeds: number;
  readonly isArmed: boolean;
}

export function memoryWatchdog(settings: { clock: Clock; timeoutMs: number; reset: () => void }): MemoryWatchdog {
  const { clock, timeoutMs, reset } = settings;
  let feeds = 0;
  let cancel: (() => void) | null = null;
  return {
    get feeds() {
      return feeds;
    },
    get isArmed() {
      return cancel !== null;
    },
    feed() {
      feeds += 1;
      cancel?.();
      cancel = clock.after(timeoutMs, () => {
        cancel = null;
        reset();
      });
    },
    armed: async () => (cancel === null ? refused('nobody has fed it') : done(null)),
    async disarm() {
      cancel?.();
      cancel = null;
    },
    abandon: () => undefined,
  };
}
