// When the view is compared with the actors: soon after a change, and never so often that nothing else gets done.
import type { Clock } from '../ports/clock.ts';

/** Between a change and the look at what it means for others; many changes share one look. */
const soonMs = 10;
/** With many paths a look takes long: at least this many times as long goes to other work before the next. */
const restFactor = 3;

export class Looks {
  readonly #clock: Clock;
  readonly #look: () => void;
  readonly #after: (ms: number, then: () => void) => void;
  #isDue = false;
  #lastTookMs = 0;

  /** `after` is the clock's, with an owner that cancels it. */
  constructor(clock: Clock, after: (ms: number, then: () => void) => void, look: () => void) {
    this.#clock = clock;
    this.#after = after;
    this.#look = look;
  }

  now(): void {
    const startMs = this.#clock.monotonicMs();
    this.#look();
    this.#lastTookMs = this.#clock.monotonicMs() - startMs;
  }

  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#after(Math.max(soonMs, Math.ceil(this.#lastTookMs * restFactor)), () => {
      this.#isDue = false;
      this.now();
    });
  }
}
