// Group commit: appends that wait in the same turn share one transaction, and while it runs the next group gathers.
import { PathwardenError } from '../../src/errors.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { type Cell, encodeRecord, journalLimits } from './rows.ts';

interface Group {
  readonly cells: Cell[];
  readonly durable: PromiseWithResolvers<void>;
  lastSeq: number;
  count: number;
}

/** The disk finds the next group when it is done with one, also when this thread was busy for a moment. */
const runningMax = 3;

export class GroupCommit {
  readonly #write: (cells: Cell[]) => Promise<void>;
  readonly #soon: (run: () => void) => void;
  #durableSeq = 0;
  #nextSeq = 1;
  #failed = false;
  #scheduled = false;
  /** Being written, oldest first. */
  #running: Group[] = [];
  #waiting: Group[] = [];

  /** `write` stores the columns of many records, all or none; `soon` ends the gathering of a group. */
  constructor(write: (cells: Cell[]) => Promise<void>, soon: (run: () => void) => void) {
    this.#write = write;
    this.#soon = soon;
  }

  /** The seq of the newest durable record; told once, after opening. */
  startAfter(seq: number): void {
    this.#durableSeq = seq;
    this.#nextSeq = seq + 1;
  }

  /** Resolves when durable. Rejects with `JOURNAL_WRITE_FAILED`, `LIMIT_EXCEEDED`, or `INTERNAL` for a wrong seq. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    if (records.length > 0) await this.#gather(records);
  }

  /** A snapshot ahead of its records would leave a gap after a crash. Throws `JOURNAL_WRITE_FAILED`. */
  checkDurable(entries: readonly { readonly actor: string; readonly seq: number }[]): void {
    const early = entries.find(({ seq }) => seq > this.#durableSeq);
    if (early === undefined) return;
    const { actor, seq } = early;
    const message = `The snapshot of ${actor} was refused: record ${seq} is not durable yet. Save it again later.`;
    throw new PathwardenError('JOURNAL_WRITE_FAILED', message, { actor, seq, durable: this.#durableSeq });
  }

  /** Resolves when nothing waits and nothing runs, whatever became of it. */
  async idle(): Promise<void> {
    for (let last = this.#last(); last !== undefined; last = this.#last()) await last;
  }

  #last(): Promise<void> | undefined {
    return (this.#waiting.at(-1) ?? this.#running.at(-1))?.durable.promise.catch(() => undefined);
  }

  #gather(records: readonly JournalRecord[]): Promise<void> {
    this.#checkRoom(records.length);
    const group = this.#openGroup();
    const { length } = group.cells;
    try {
      records.forEach((record, index) => {
        checkSeq(record, this.#nextSeq + index, this.#failed);
        encodeRecord(record, group.cells);
      });
    } catch (error) {
      group.cells.length = length;
      throw error;
    }
    this.#failed = false;
    this.#nextSeq += records.length;
    group.lastSeq = this.#nextSeq - 1;
    group.count += records.length;
    if (group !== this.#waiting.at(-1)) this.#waiting.push(group);
    this.#schedule();
    return group.durable.promise;
  }

  #openGroup(): Group {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.count < journalLimits.groupRecordsMax) return last;
    return { cells: [], durable: Promise.withResolvers<void>(), lastSeq: 0, count: 0 };
  }

  #checkRoom(count: number): void {
    const max = journalLimits.waitingRecordsMax;
    const asked = count + this.#waiting.reduce((sum, group) => sum + group.count, 0);
    if (asked <= max) return;
    const message = `More than ${max} records wait for the journal's disk: nothing more is taken until it answers.`;
    throw new PathwardenError('LIMIT_EXCEEDED', message, { limit: 'waitingRecordsMax', max, asked });
  }

  #schedule(): void {
    if (this.#scheduled || this.#running.length === runningMax || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#soon(() => {
      this.#scheduled = false;
      const group = this.#waiting.shift();
      if (group === undefined) return;
      void this.#commit(group);
      this.#schedule();
    });
  }

  async #commit(group: Group): Promise<void> {
    this.#running.push(group);
    try {
      await this.#write(group.cells);
      if (this.#running[0] === group) this.#finish(group);
    } catch (error) {
      // What fell with an earlier group was told so already.
      if (this.#running.includes(group)) this.#abandon(error);
    }
    this.#schedule();
  }

  #finish(group: Group): void {
    this.#running.shift();
    this.#durableSeq = group.lastSeq;
    group.durable.resolve();
  }

  // A later group would leave a gap, so it falls with the one that failed; the caller appends both again.
  #abandon(error: unknown): void {
    const groups = [...this.#running, ...this.#waiting];
    this.#running = [];
    this.#waiting = [];
    this.#nextSeq = this.#durableSeq + 1;
    this.#failed = true;
    for (const group of groups) group.durable.reject(error);
  }
}

function checkSeq(record: JournalRecord, expected: number, failed: boolean): void {
  if (record.seq === expected) return;
  const facts = { actor: record.actor, seq: record.seq, expected };
  if (failed && record.seq > expected) {
    const message = `Record ${record.seq} cannot be written: append record ${expected}, which failed, first.`;
    throw new PathwardenError('JOURNAL_WRITE_FAILED', message, facts);
  }
  const message = `Record ${record.seq} was appended where ${expected} is next. Report this: seq grows by one.`;
  throw new PathwardenError('INTERNAL', message, facts);
}
