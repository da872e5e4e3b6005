// Reading rows and finding what is not as it was written. SQLite finds a torn page, not a flipped bit inside a text.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { JournalQuery } from '../../src/ports/journal.ts';
import { type Cell, damaged, recordColumns, type RecordRow, type SnapshotRow } from './rows.ts';

export interface Extent {
  /** 0 when there are no records. */
  readonly first: number;
  readonly last: number;
}

export const checksum = (row: readonly Cell[]): number => crc32(row.join('\n'));

/** Seqs have no gap, so that nothing has to be counted. */
export function extentOf(database: DatabaseSync): Extent {
  const ends = 'SELECT (SELECT min(seq) FROM records) AS first, (SELECT max(seq) FROM records) AS last';
  const { first, last } = database.prepare(ends).get() ?? {};
  return { first: Number(first ?? 0), last: Number(last ?? 0) };
}

/** Up to here no actor has a record that is newer than its snapshot. Throws `JOURNAL_DAMAGED`. */
export function coverageOf(database: DatabaseSync): number {
  const row = database.prepare('SELECT seq, checksum FROM coverage').get();
  if (row === undefined) return 0;
  const seq = Number(row['seq']);
  if (checksum([seq]) !== row['checksum']) throw damaged('What snapshots cover is not what was written.', {});
  return seq;
}

/** Of all actors, or of one. Throws `JOURNAL_DAMAGED` naming the actor. */
export function snapshotRows(database: DatabaseSync, actor?: string): SnapshotRow[] {
  const which = actor === undefined ? '' : 'WHERE actor = ? ';
  const statement = database.prepare(`SELECT actor, seq, snapshot, checksum FROM snapshots ${which}ORDER BY seq`);
  return checkedSnapshots(rowsOf<Cell[]>(statement, actor === undefined ? [] : [actor]));
}

/** What newer snapshots replaced, of all actors or of one, oldest first. Throws `JOURNAL_DAMAGED` naming the actor. */
export function earlierRows(database: DatabaseSync, actor?: string): SnapshotRow[] {
  const which = actor === undefined ? '' : 'WHERE actor = ? ';
  const statement = database.prepare(`SELECT actor, seq, snapshot, checksum FROM earlier ${which}ORDER BY seq`);
  return checkedSnapshots(rowsOf<Cell[]>(statement, actor === undefined ? [] : [actor]));
}

function checkedSnapshots(rows: readonly Cell[][]): SnapshotRow[] {
  return rows.map((row) => {
    const stored = row.pop();
    if (stored !== null && checksum(row) !== stored) {
      throw damaged(`The snapshot of ${row[0]} is not what was written.`, { actor: row[0], seq: row[1] });
    }
    return row as unknown as SnapshotRow;
  });
}

/** Every record behind `seq`, without a gap. Throws `JOURNAL_DAMAGED` naming the seq. */
export function recordsBehind(database: DatabaseSync, seq: number): RecordRow[] {
  const rows = checkedRows(database, { from: seq + 1, limit: -1 });
  rows.forEach((row, index) => {
    const expected = (rows[0]?.[0] ?? 0) + index;
    if (row[0] !== expected) throw damaged(`Record ${expected} of the journal is missing.`, { seq: expected });
  });
  return rows;
}

/** Throws `JOURNAL_DAMAGED` naming the seq. */
export function checkedRows(database: DatabaseSync, query: JournalQuery): RecordRow[] {
  const { sql, values } = select(query);
  return rowsOf<Cell[]>(database.prepare(sql), values).map((row) => {
    const stored = row.pop();
    if (checksum(row) !== stored) {
      throw damaged(`Record ${row[0]} of the journal is not what was written.`, { seq: row[0], actor: row[1] });
    }
    return row as unknown as RecordRow;
  });
}

function select(query: JournalQuery): { sql: string; values: Cell[] } {
  const conditions: [string, Cell | undefined][] = [
    ['actor = ?', query.actor],
    ['seq >= ?', query.from],
    ['seq <= ?', query.to],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([condition]) => condition).join(' AND ')}`;
  const order = query.newestFirst ? 'DESC' : 'ASC';
  return {
    sql: `SELECT ${recordColumns}, checksum FROM records ${where} ORDER BY seq ${order} LIMIT ?`,
    values: [...given.map(([, value]) => value ?? null), query.limit],
  };
}

function rowsOf<Row>(statement: StatementSync, values: readonly Cell[]): Row[] {
  statement.setReturnArrays(true);
  return statement.all(...values) as unknown as Row[];
}
