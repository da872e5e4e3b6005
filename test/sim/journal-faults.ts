// What is wrong with the disk of a host's journal, for whichever daemon runs there; and for how long that is felt.
import type { MemoryJournal } from '../../adapters/journal/memory.ts';
import type { World } from './world.ts';

export type JournalFault = 'full' | 'hang';

/** A daemon notices so much later that its journal writes again, or goes on without it. */
export const journalPatienceMs = 2_000;

export class JournalFaults {
  readonly #world: World;
  #fault: JournalFault | null = null;
  #endedMs = Number.NEGATIVE_INFINITY;
  #journal: MemoryJournal | null = null;
  #end: () => void = () => {};

  constructor(world: World) {
    this.#world = world;
  }

  /** The journal of the daemon that starts. */
  use(journal: MemoryJournal): void {
    this.#journal = journal;
    this.#apply();
  }

  set(fault: JournalFault | null): void {
    if (this.#fault !== null) this.#endedMs = this.#world.nowMs;
    this.#fault = fault;
    this.#apply();
  }

  /** Something was wrong then or later, however short, or was felt still. */
  feltSince(ms: number): boolean {
    return this.#fault !== null || this.#endedMs + journalPatienceMs >= ms;
  }

  #apply(): void {
    this.#end();
    this.#end = () => {};
    if (this.#journal === null || this.#fault === null) return;
    this.#end = this.#fault === 'hang' ? this.#journal.hang() : this.#journal.fail('no space left');
  }
}
