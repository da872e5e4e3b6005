// How long the event loop is busy with something else, while one looks.
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';

export interface Delay {
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface LoopWatch {
  stop(): LoopWatch;
  delay(): Delay;
}

/** How often the loop is asked whether it is there. */
const everyMs = 2;

/** How much later than asked for a timer fires. */
export function watchLoop(): LoopWatch {
  const histogram: RecordableHistogram = createHistogram();
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    histogram.record(Math.max(1, Math.round((nowMs - lastMs - everyMs) * 1000)));
    lastMs = nowMs;
  }, everyMs);
  const ms = (micros: number): number => Math.round(micros / 100) / 10;
  const watch: LoopWatch = {
    stop: () => (clearInterval(timer), watch),
    delay: () => ({
      p99Ms: ms(histogram.percentile(99)), p999Ms: ms(histogram.percentile(99.9)), maxMs: ms(histogram.max),
    }),
  };
  return watch;
}
