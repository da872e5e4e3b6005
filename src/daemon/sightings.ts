// When this node first saw something, on its own monotonic clock. What was not asked for lately is forgotten.
import type { Clock } from '../ports/clock.ts';

const forgetAfterMs = 600_000;
const sightingsMax = 20_000;

export class Sightings {
  readonly #clock: Clock;
  readonly #first = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  elapsedMs(sight: string): number {
    const nowMs = this.#clock.monotonicMs();
    const first = this.#first.get(sight);
    if (first !== undefined) return nowMs - first;
    if (this.#first.size >= sightingsMax) this.#forget(nowMs);
    this.#first.set(sight, nowMs);
    return 0;
  }

  remainingMs(sight: string, spanMs: number): number {
    return Math.max(0, Math.ceil(spanMs - this.elapsedMs(sight)));
  }

  firstTime(sight: string): boolean {
    const known = this.#first.has(sight);
    this.elapsedMs(sight);
    return !known;
  }

  #forget(nowMs: number): void {
    for (const [sight, firstMs] of this.#first) if (nowMs - firstMs > forgetAfterMs) this.#first.delete(sight);
  }
}
