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
  readonly #unwritten: JournalRecord[] = [];
  /** The newest append; they end in their order. */
  #newest: Promise<boolean> = Promise.resolve(true);
  /** An append failed: what follows has to wait until its records are written after all. */
  #isBehind = false;
  #catchingUp: Promise<void> | null = null;
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
    const written = this.#isBehind ? this.#catchUp() : this.#append(records);
    const durable = written.then(() => this.#durableSeq >= lastSeq);
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
    await this.#newest;
    if (this.#isBehind) await this.#catchUp();
    return this.#unwritten.length === 0;
  }

  async #append(records: readonly JournalRecord[]): Promise<void> {
    const storing = this.#store(records);
    this.#newest = storing;
    if (await storing) this.#note(null);
  }

  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#appendUnwritten().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #appendUnwritten(): Promise<void> {
    while (this.#unwritten.length > 0) {
      // A copy: more records may come while this part is being written.
      if (!(await this.#store(this.#unwritten.slice(0, batchRecordsMax)))) return;
    }
    this.#isBehind = false;
    this.#note(null);
  }

  /** Resolves with whether they are durable. */
  async #store(records: readonly JournalRecord[]): Promise<boolean> {
    try {
      await this.#parts.journal.append(records);
      this.#unwritten.splice(0, records.length);
      this.#durableSeq = records.at(-1)?.seq ?? this.#durableSeq;
      return true;
    } catch (error) {
      this.#isBehind = true;
      this.#isLost = error instanceof PathwardenError && error.code === 'JOURNAL_LOST';
      this.#note(error instanceof Error ? error.message : String(error));
      this.#retry();
      return false;
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
