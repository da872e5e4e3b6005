// Bids that Consul refused because the lock key had changed: until the view shows that change, another bid is in vain.
import type { Clock } from '../ports/clock.ts';

/** A view that does not catch up by then is not what kept us from the lock. */
const rememberMs = 3_000;

export class Outbid {
  readonly #clock: Clock;
  readonly #bids = new Map<string, { readonly modifyIndex: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: string, modifyIndex: number): void {
    this.#bids.set(key, { modifyIndex, atMs: this.#clock.monotonicMs() });
  }

  /** True while the view is known to be behind for this key. */
  has(key: string, modifyIndex: number): boolean {
    const bid = this.#bids.get(key);
    if (bid === undefined) return false;
    if (bid.modifyIndex === modifyIndex && this.#clock.monotonicMs() - bid.atMs < rememberMs) return true;
    this.#bids.delete(key);
    return false;
  }

  /** Forgets what is too old; true when there was such a bid. */
  expire(): boolean {
    const before = this.#bids.size;
    const nowMs = this.#clock.monotonicMs();
    for (const [key, { atMs }] of this.#bids) if (nowMs - atMs >= rememberMs) this.#bids.delete(key);
    return this.#bids.size < before;
  }
}
