// How records and snapshots are laid out as columns, the limits on them, and the checks on the way in and out.
import { PathwardenError } from '../../src/errors.ts';
import type { ActorSnapshot, JournalQuery, JournalRecord } from '../../src/ports/journal.ts';

export type Cell = string | number | null;

/** One record, in the order of `recordColumns`. */
export type RecordRow = readonly [
  seq: number,
  actor: string,
  machine: string,
  at: number,
  eventType: string,
  event: string,
  value: string,
  intents: string,
  cause: string | null,
  settles: string | null,
];
/** One snapshot: the JSON is null for an actor that was forgotten. */
export type SnapshotRow = readonly [actor: string, seq: number, json: string | null];
export type Forgotten = { actor: string; seq: number; snapshot: null };

export const recordColumns = 'seq, actor, machine, at, event_type, event, value, intents, cause, settles';
export const recordWidth = 10;

/** Sizes count UTF-8 bytes of JSON. Past a limit the call is refused with `LIMIT_EXCEEDED`. */
export const journalLimits = {
  recordBytesMax: 64 * 1024,
  snapshotBytesMax: 256 * 1024,
  queryRecordsMax: 10_000,
  /** Records that wait for a disk that does not answer. */
  waitingRecordsMax: 100_000,
  /** Records in one transaction. */
  groupRecordsMax: 8192,
} as const;

/** Appends the columns of one record to `cells`. Throws `LIMIT_EXCEEDED`. */
export function encodeRecord(record: JournalRecord, cells: Cell[]): void {
  const event = JSON.stringify(record.event);
  const value = JSON.stringify(record.value);
  const intents = record.intents.length === 0 ? '[]' : JSON.stringify(record.intents);
  const cause = record.cause === null ? null : JSON.stringify(record.cause);
  checkSize('recordBytesMax', [event, value, intents, cause], { actor: record.actor, seq: record.seq });
  const { seq, actor, machine, at, settles } = record;
  cells.push(seq, actor, machine, at, record.event.type, event, value, intents, cause, settles);
}

/** The group before these records may have failed after they were sent. Throws `JOURNAL_WRITE_FAILED`. */
export function checkFollows(lastSeq: number, cells: readonly Cell[]): void {
  const seq = Number(cells[0]);
  if (seq === lastSeq + 1) return;
  const message = `Record ${seq} was not written: record ${lastSeq + 1}, which failed, comes before it.`;
  throw new PathwardenError('JOURNAL_WRITE_FAILED', message, { seq, lastSeq });
}

/** Throws `JOURNAL_DAMAGED` naming the seq. */
export function decodeRecord(row: RecordRow): JournalRecord {
  const [seq, actor, machine, at, , event, value, intents, cause, settles] = row;
  return parsing({ seq, actor }, () => ({
    seq,
    actor,
    machine,
    at,
    event: JSON.parse(event),
    value: JSON.parse(value),
    intents: JSON.parse(intents),
    cause: cause === null ? null : JSON.parse(cause),
    settles,
  }));
}

/** Throws `LIMIT_EXCEEDED`. */
export function encodeSnapshot(entry: ActorSnapshot | Forgotten): SnapshotRow {
  if (entry.snapshot === null) return [entry.actor, entry.seq, null];
  const { machine, since, snapshot, pending } = entry;
  const json = JSON.stringify({ machine, since, snapshot, pending });
  checkSize('snapshotBytesMax', [json], { actor: entry.actor, seq: entry.seq });
  return [entry.actor, entry.seq, json];
}

/** Empty for a forgotten actor. Throws `JOURNAL_DAMAGED`. */
export function decodeSnapshots(rows: readonly SnapshotRow[]): ActorSnapshot[] {
  return rows.flatMap(([actor, seq, json]) =>
    json === null ? [] : [parsing({ seq, actor }, () => ({ actor, seq, ...JSON.parse(json) }) as ActorSnapshot)],
  );
}

/** Records of all actors have no gap; those of one actor only grow. Throws `JOURNAL_DAMAGED`. */
export function checkOrder(records: readonly JournalRecord[], query: JournalQuery): void {
  const direction = query.newestFirst ? -1 : 1;
  for (const [index, record] of records.entries()) {
    const before = records[index - 1];
    if (before === undefined) continue;
    const distance = (record.seq - before.seq) * direction;
    if (distance === 1 || (query.actor !== undefined && distance > 1)) continue;
    throw damaged(`Record ${record.seq} follows record ${before.seq}.`, { seq: record.seq });
  }
}

/** Throws `LIMIT_EXCEEDED`. */
export function checkQuery(query: JournalQuery): void {
  const max = journalLimits.queryRecordsMax;
  if (query.limit <= max) return;
  throw new PathwardenError(
    'LIMIT_EXCEEDED',
    `One read gives at most ${max} records and this one asks for ${query.limit}: read in parts.`,
    { limit: 'queryRecordsMax', max, asked: query.limit },
  );
}

export function damaged(what: string, facts: Readonly<Record<string, unknown>>, cause?: unknown): PathwardenError {
  const message = `${what} A daemon that starts with it sets it aside and recovers by looking at what it serves.`;
  return new PathwardenError('JOURNAL_DAMAGED', message, facts, { cause });
}

function checkSize(limit: 'recordBytesMax' | 'snapshotBytesMax', parts: readonly Cell[], facts: object): void {
  const max = journalLimits[limit];
  let characters = 0;
  for (const part of parts) characters += typeof part === 'string' ? part.length : 0;
  // A character takes three bytes at most, so small ones need no exact count.
  if (characters * 3 <= max) return;
  const bytes = parts.reduce<number>((sum, part) => sum + (part === null ? 0 : Buffer.byteLength(String(part))), 0);
  if (bytes <= max) return;
  const message = `A journal entry of ${bytes} bytes is larger than ${limit} (${max}): nothing was written.`;
  throw new PathwardenError('LIMIT_EXCEEDED', message, { ...facts, limit, max, bytes });
}

function parsing<T>(facts: { seq: number; actor: string }, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw damaged(`What the journal holds at seq ${facts.seq} for ${facts.actor} is not JSON.`, facts, cause);
  }
}
