// Counts the moments that daemons reach, and says which of them is the last one of a daemon.
import type { Life } from './life.ts';

/** Where to cut: a daemon that gets to `moment` for the nth time, counted over all nodes. */
export interface Cut {
  readonly moment: string;
  readonly nth: number;
  /** Cut once more, the first time that the daemon that comes back gets there. */
  readonly thenAt?: string;
}

export class Knife {
  /** How often each moment was reached. */
  readonly reached = new Map<string, number>();
  /** Where it cut, in order. */
  readonly cuts: string[] = [];
  #next: Cut | null;
  #again: { readonly moment: string; readonly life: Life } | null = null;

  constructor(cut: Cut | null) {
    this.#next = cut;
  }

  isDue(life: Life, moment: string): boolean {
    const count = (this.reached.get(moment) ?? 0) + 1;
    this.reached.set(moment, count);
    const { moment: first, nth, thenAt } = this.#next ?? {};
    if (moment === first && count === nth) {
      this.#next = null;
      this.#again = thenAt === undefined ? null : { moment: thenAt, life };
    } else if (this.#again?.moment === moment && this.#again.life.node === life.node && this.#again.life !== life) {
      this.#again = null;
    } else {
      return false;
    }
    this.cuts.push(`${life.node} ${moment}`);
    return true;
  }
}
