import type { Clock } from '../../src/ports/clock.ts';

/** Gives a token at once while there are any, then one per refill. */
export interface TokenBucket {
  /** Resolves when the caller may go on, or when the signal fires. */
  take(signal: AbortSignal): Promise<void>;
}

export function openTokenBucket(clock: Clock, { burst, refillMs }: { burst: number; refillMs: number }): TokenBucket {
  // The time at which the bucket is full again: each token moves it by one refill.
  let fullAtMs = clock.monotonicMs();
  return {
    take(signal) {
      const nowMs = clock.monotonicMs();
      fullAtMs = Math.max(fullAtMs, nowMs) + refillMs;
      return pause(clock, fullAtMs - nowMs - burst * refillMs, signal);
    },
  };
}

/** Resolves after `ms`, or at once when the signal fires. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
