import type { Clock } from '../../src/ports/clock.ts';

// setTimeout fires at once beyond this.
const longestTimerMs = 2 ** 31 - 1;

/** performance.now() counts from the start of the process; this, as CLOCK_MONOTONIC does, from the boot. */
const startedAtMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The clock of this machine. Deadlines run on CLOCK_MONOTONIC. */
export const systemClock = (): Clock => ({
  monotonicMs: () => startedAtMs + performance.now(),
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
