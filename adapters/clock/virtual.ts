import type { Clock } from '../../src/ports/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves time forward and fires every timer that falls due, in order of time, then of creation. */
  advance(ms: number): void;
  /** The same, but lets promises settle before the first timer, between timers and at the end. */
  advanceAndSettle(ms: number): Promise<void>;
  /** Milliseconds until the next timer; null when none is armed. */
  nextTimerMs(): number | null;
}

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to move. */
export function virtualClock(options: { startMs?: number; wallStartMs?: number } = {}): VirtualClock {
  const startMs = options.startMs ?? 0;
  const wallStartMs = options.wallStartMs ?? 1_750_000_000_000;
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let order = 0;

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || isBefore(timer, first)) first = timer;
    return first;
  };
  const fireNextUntil = (endMs: number): boolean => {
    const timer = next();
    if (timer === undefined || timer.dueMs > endMs) return false;
    timers.delete(timer);
    nowMs = Math.max(nowMs, timer.dueMs);
    timer.fire();
    return true;
  };
  return {
    monotonicMs: () => nowMs,
    wallMs: () => wallStartMs + nowMs - startMs,
    after(ms, fire) {
      const timer = { dueMs: nowMs + Math.max(0, ms), order: order++, fire };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      while (fireNextUntil(endMs));
      nowMs = endMs;
    },
    async advanceAndSettle(ms) {
      const endMs = nowMs + ms;
      do await settle();
      while (fireNextUntil(endMs));
      nowMs = endMs;
      await settle();
    },
    nextTimerMs: () => {
      const timer = next();
      return timer === undefined ? null : timer.dueMs - nowMs;
    },
  };
}

const isBefore = (a: Timer, b: Timer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

// One turn of the event loop runs every promise reaction that is ready, however long the chain.
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
