// What is to happen at the n-th record, command or request of a daemon, and not at a time.
import type { Moment } from './fault.ts';

export class Moments {
  #next: { readonly what: Moment['what']; left: number; readonly happen: () => void } | null = null;

  /** One at a time: the last one counts. */
  at({ what, count }: Moment, happen: () => void): void {
    if (what === 'time') happen();
    else this.#next = { what, left: count, happen };
  }

  passes(what: Moment['what']): void {
    const next = this.#next;
    if (next?.what !== what) return;
    next.left -= 1;
    if (next.left > 0) return;
    this.#next = null;
    next.happen();
  }

  forget(): void {
    this.#next = null;
  }
}
