// Calls that come at the same time share one. One that runs already is not shared: it may have missed what the caller
// wants of it, so the caller gets the next one, which begins after its call.
import { type CallOptions, type Outcome, unknown } from '../src/ports/outcome.ts';

type Call<T> = (options: CallOptions) => Promise<Outcome<T>>;

/** One caller's end does not end the call of the others: it runs for as long as the most patient of them waits. */
export function sharedCall<T>(call: Call<T>): Call<T> {
  let running: Promise<unknown> | null = null;
  let next: { ends: number; readonly result: Promise<Outcome<T>> } | null = null;

  const begin = (deadlineMs: number): Promise<Outcome<T>> => {
    const mine = call({ deadlineMs });
    const settled = mine.catch(() => undefined);
    running = settled;
    void settled.finally(() => {
      if (running === settled) running = null;
    });
    return mine;
  };

  return (options) => {
    if (running === null && next === null) return inTime(begin(options.deadlineMs), options);
    const ends = performance.now() + options.deadlineMs;
    if (next === null) {
      const queued = (running ?? Promise.resolve()).then(() => {
        const deadlineMs = (next?.ends ?? ends) - performance.now();
        next = null;
        return begin(deadlineMs);
      });
      next = { ends, result: queued };
    } else next.ends = Math.max(next.ends, ends);
    return inTime(next.result, options);
  };
}

// Later than the call's own deadline, whose answer says more.
const graceMs = 20;

async function inTime<T>(result: Promise<Outcome<T>>, options: CallOptions): Promise<Outcome<T>> {
  const { promise: early, resolve } = Promise.withResolvers<Outcome<T>>();
  const calledOff = (): void => resolve(unknown('called off'));
  const timer = setTimeout(() => resolve(unknown('no answer before its deadline')), options.deadlineMs + graceMs);
  if (options.signal?.aborted === true) calledOff();
  options.signal?.addEventListener('abort', calledOff, { once: true });
  try {
    return await Promise.race([result, early]);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', calledOff);
  }
}
