import type { Clock } from '../../src/ports/clock.ts';

// setTimeout fires at once beyond this.
const longestTimerMs = 2 ** 31 - 1;

/** The clock of this machine. Deadlines run on CLOCK_MONOTONIC. */
export const systemClock = (): Clock => ({
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: startTimer,
});

function startTimer(ms: number, fire: () => void): () => void {
  let leftMs = Math.max(0, ms);
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const stepMs = Math.min(leftMs, longestTimerMs);
    leftMs -= stepMs;
    timer = setTimeout(() => (leftMs > 0 ? arm() : fire()), stepMs);
  };
  arm();
  return () => {
    clearTimeout(timer);
  };
}
