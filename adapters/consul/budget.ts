import type { Clock } from '../../src/ports/clock.ts';
import type { CallOptions } from '../../src/ports/outcome.ts';
import type { RequestOptions } from './api.ts';

/** One verb's time, spread over its requests. */
export interface Budget {
  /** What is left for one more request; null when no answer could come in time. */
  rest(): RequestOptions | null;
  /** For a write: keeps enough back to read afterwards what became of it. */
  forWrite(): RequestOptions | null;
}

// Below this no read gets an answer.
const shortestRequestMs = 20;
const writeShare = 0.6;

export function openBudget(clock: Clock, { deadlineMs, signal }: CallOptions): Budget {
  const endMs = clock.monotonicMs() + deadlineMs;
  const request = (share: number): RequestOptions | null => {
    const leftMs = (endMs - clock.monotonicMs()) * share;
    if (leftMs < shortestRequestMs || signal?.aborted === true) return null;
    return signal === undefined ? { deadlineMs: leftMs } : { deadlineMs: leftMs, signal };
  };
  return { rest: () => request(1), forWrite: () => request(writeShare) };
}
