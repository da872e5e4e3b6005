// Writes turns to the journal, and decides how long the daemon waits for the disk.
import { PathwardenError } from '../errors.ts';
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

export interface Written {
  readonly isDurable: boolean;
  readonly durable: Promise<boolean>;
}

/** Records of one append: a backlog is written in parts, each below the journal's own limits. */
const batchRecordsMax = 4_096;
/** Above it news is refused; answers are still taken, because stopping goes on. */
const unwrittenRecordsMax = 50_000;

/**
 * While the journal is well, a turn is adopted after its commit. While it hangs or fails, turns are adopted at once:
 * the records follow when they can, and only intents that start to serve are held back.
 */
export class Scribe {
  readonly #parts: ScribeParts;
  #unwritten: JournalRecord[] = [];
  #flushing: Promise<void> | null = null;
  #durableSeq = 0;
  #retrying = false;
  #trouble: string | null = null;
  #isLost = false;
  #isMended = false;

  constructor(parts: ScribeParts) {
    this.#parts = parts;
  }

  get isHealthy(): boolean {
    return this.#trouble === null;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** It will never write again: only a new start helps. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** True once after each trouble that is over. */
  hasBeenMended(): boolean {
    const isMended = this.#isMended;
    this.#isMended = false;
    return isMended;
  }

  get unwritten(): number {
    return this.#unwritten.length;
  }

  /** So much waits for the disk that nothing new should come. */
  get isFull(): boolean {
    return this.#unwritten.length >= unwrittenRecordsMax;
  }

  /** Resolves when the daemon may go on: the records are durable, or a promise says whether they become so. */
  async write(records: readonly JournalRecord[]): Promise<Written> {
    this.#unwritten.push(...records);
    const lastSeq = records.at(-1)?.seq ?? 0;
    const durable = this.#flush().then(() => this.#durableSeq >= lastSeq);
    if (!this.isHealthy) return { isDurable: false, durable };
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
    return { isDurable: first === true, durable };
  }

  /** Writes what is left; resolves with whether all of it is durable. */
  async flush(): Promise<boolean> {
    if (this.#unwritten.length > 0) await this.#flush();
    return this.#unwritten.length === 0;
  }

  #flush(): Promise<void> {
    const mine = (this.#flushing ?? Promise.resolve()).then(() => this.#append());
    this.#flushing = mine;
    void mine.finally(() => {
      if (this.#flushing === mine) this.#flushing = null;
    });
    return mine;
  }

  async #append(): Promise<void> {
    const upTo = this.#unwritten.at(-1)?.seq ?? 0;
    try {
      while (this.#durableSeq < upTo && this.#unwritten.length > 0) {
        // A copy: more records may come while this one is being written.
        const batch = this.#unwritten.slice(0, batchRecordsMax);
        await this.#parts.journal.append(batch);
        this.#unwritten = this.#unwritten.slice(batch.length);
        this.#durableSeq = batch.at(-1)?.seq ?? this.#durableSeq;
      }
      if (upTo > 0) this.#note(null);
    } catch (error) {
      this.#isLost = error instanceof PathwardenError && error.code === 'JOURNAL_LOST';
      this.#note(error instanceof Error ? error.message : String(error));
      this.#retry();
    }
  }

  #retry(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#parts.clock.after(this.#parts.retryMs, () => {
      this.#retrying = false;
      void this.flush();
    });
  }

  #note(trouble: string | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#isMended = trouble === null;
    this.#parts.onTrouble(trouble);
  }
}
