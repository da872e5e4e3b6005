// Writes turns to the journal, and decides how long the daemon waits for the disk.
import type { Clock } from '../ports/clock.ts';
import type { JournalPort, JournalRecord } from '../ports/journal.ts';

export interface ScribeParts {
  readonly journal: JournalPort;
  readonly clock: Clock;
  /** How long a turn waits for its commit before the daemon goes on without the disk. */
  readonly patienceMs: number;
  /** Between two tries to write records that were refused. */
  readonly retryMs: number;
  /** `null` when the journal writes again. */
  onTrouble(reason: string | null): void;
}

/**
 * While the journal is well, a turn is adopted after its commit. While it hangs or fails, turns are adopted at once:
 * the records follow when they can, and only intents that start to serve are held back.
 */
export class Scribe {
  readonly #parts: ScribeParts;
  #unwritten: JournalRecord[] = [];
  #flushing: Promise<boolean> | null = null;
  #trouble: string | null = null;

  constructor(parts: ScribeParts) {
    this.#parts = parts;
  }

  get isHealthy(): boolean {
    return this.#trouble === null;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  get unwritten(): number {
    return this.#unwritten.length;
  }

  /** Resolves when the daemon may go on; the promise inside says whether the records became durable. */
  async write(records: readonly JournalRecord[]): Promise<{ readonly durable: Promise<boolean> }> {
    this.#unwritten.push(...records);
    const durable = this.#flush();
    if (!this.isHealthy) return { durable };
    let cancel = (): void => {};
    const patience = new Promise<'late'>((resolve) => {
      // A busy event loop sees its timers before the answers that came meanwhile: those get their turn first.
      cancel = this.#parts.clock.after(this.#parts.patienceMs, () => {
        cancel = this.#parts.clock.after(0, () => resolve('late'));
      });
    });
    const first = await Promise.race([durable, patience]);
    cancel();
    if (first === 'late') this.#note('the journal does not answer');
    return { durable };
  }

  /** Writes what is left; resolves with whether all of it is durable. */
  flush(): Promise<boolean> {
    return this.#unwritten.length === 0 ? Promise.resolve(true) : this.#flush();
  }

  #flush(): Promise<boolean> {
    const before = this.#flushing;
    const mine = (before ?? Promise.resolve(true)).then(() => this.#append());
    this.#flushing = mine;
    void mine.finally(() => {
      if (this.#flushing === mine) this.#flushing = null;
    });
    return mine;
  }

  async #append(): Promise<boolean> {
    const batch = this.#unwritten;
    if (batch.length === 0) return this.isHealthy;
    try {
      await this.#parts.journal.append(batch);
      this.#unwritten = this.#unwritten.slice(batch.length);
      this.#note(null);
      return true;
    } catch (error) {
      this.#note(error instanceof Error ? error.message : String(error));
      this.#parts.clock.after(this.#parts.retryMs, () => void this.flush());
      return false;
    }
  }

  #note(trouble: string | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#parts.onTrouble(trouble);
  }
}
