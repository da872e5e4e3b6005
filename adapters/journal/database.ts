// The journal as an SQLite file. Everything here blocks on the disk, so it runs on the worker thread only.
import { mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { PathwardenError } from '../../src/errors.ts';
import type { JournalInfo, JournalQuery } from '../../src/ports/journal.ts';
import { lockJournal } from './lock.ts';
import { type Cell, damaged, recordColumns, recordWidth, type RecordRow, type SnapshotRow } from './rows.ts';
import { schema, schemaVersion, sinceSnapshots } from './schema.ts';

export interface StoredContents {
  readonly snapshots: readonly SnapshotRow[];
  readonly records: readonly RecordRow[];
  readonly lastSeq: number;
}

export interface JournalDatabase {
  contents(): StoredContents;
  append(cells: readonly Cell[]): void;
  saveSnapshots(rows: readonly SnapshotRow[]): void;
  read(query: JournalQuery): readonly RecordRow[];
  info(): JournalInfo;
  close(): void;
}

/** Throws `JOURNAL_IN_USE`, `JOURNAL_DAMAGED`, or `JOURNAL_WRITE_FAILED` when it cannot even be created. */
export function openDatabase(file: string): JournalDatabase {
  const opened: (() => void)[] = [];
  try {
    mkdirSync(dirname(file), { recursive: true });
    opened.unshift(lockJournal(file));
    const database = new DatabaseSync(file, { timeout: 5000 });
    opened.unshift(() => database.close());
    prepareFile(database, file);
    return bind(database, file, () => opened.forEach((close) => close()));
  } catch (error) {
    opened.forEach((close) => close());
    throw openFault(file, error);
  }
}

function prepareFile(database: DatabaseSync, file: string): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  const [finding] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (finding !== 'ok') throw damaged(`The journal ${file} is damaged.`, { file, finding });
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > schemaVersion) {
    throw damaged(`A newer pathwarden wrote the journal ${file}.`, { file, version, known: schemaVersion });
  }
  if (version === 0) transact(database, () => database.exec(schema));
  database.prepare('INSERT OR REPLACE INTO holder VALUES (1, ?, ?, ?)').run(process.pid, hostname(), Date.now());
  const { first, last, count } = extent(database);
  if (count > 0 && count !== last - first + 1) {
    throw damaged(`The journal ${file} lacks records: it holds ${count} from seq ${first} to ${last}.`, { file });
  }
}

function bind(database: DatabaseSync, file: string, close: () => void): JournalDatabase {
  const insertRecord = database.prepare(
    `INSERT INTO records (${recordColumns}, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const upsertSnapshot = database.prepare(
    `INSERT INTO snapshots (actor, seq, snapshot) VALUES (?, ?, ?) ON CONFLICT (actor)
     DO UPDATE SET seq = excluded.seq, snapshot = excluded.snapshot WHERE excluded.seq >= snapshots.seq`,
  );
  return {
    contents: () => ({
      snapshots: rowsOf<SnapshotRow>(database.prepare('SELECT actor, seq, snapshot FROM snapshots ORDER BY seq'), []),
      records: checkedRows(database.prepare(sinceSnapshots), []),
      lastSeq: extent(database).last,
    }),
    append: (cells) => appendCells(database, insertRecord, cells),
    saveSnapshots: (rows) => storeSnapshots(database, upsertSnapshot, rows),
    read: (query) => {
      const { sql, values } = select(query);
      return checkedRows(database.prepare(sql), values);
    },
    info: () => describe(database, file),
    close,
  };
}

function appendCells(database: DatabaseSync, insert: StatementSync, cells: readonly Cell[]): void {
  transact(database, () => {
    for (let start = 0; start < cells.length; start += recordWidth) {
      const row = cells.slice(start, start + recordWidth);
      insert.run(...row, checksum(row));
    }
  });
}

function storeSnapshots(database: DatabaseSync, upsert: StatementSync, rows: readonly SnapshotRow[]): void {
  transact(database, () => {
    for (const row of rows) upsert.run(...row);
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

function checkedRows(statement: StatementSync, values: readonly Cell[]): RecordRow[] {
  return rowsOf<Cell[]>(statement, values).map((row) => {
    const stored = row.pop();
    if (checksum(row) !== stored) {
      throw damaged(`Record ${row[0]} of the journal is not what was written.`, { seq: row[0], actor: row[1] });
    }
    return row as unknown as RecordRow;
  });
}

function rowsOf<Row>(statement: StatementSync, values: readonly Cell[]): Row[] {
  statement.setReturnArrays(true);
  return statement.all(...values) as unknown as Row[];
}

// SQLite finds a torn page, not a flipped bit inside a text.
const checksum = (row: readonly Cell[]): number => crc32(row.join('\n'));

function describe(database: DatabaseSync, file: string): JournalInfo {
  const { first, last, count } = extent(database);
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const sizeBytes = size(file) + size(`${file}-wal`);
  return { records: count, firstSeq: first, lastSeq: last, sizeBytes, location: file };
}

function extent(database: DatabaseSync): { first: number; last: number; count: number } {
  const row = database.prepare(
    `SELECT (SELECT min(seq) FROM records) AS first, (SELECT count(*) FROM records) AS count,
       max((SELECT ifnull(max(seq), 0) FROM records), (SELECT ifnull(max(seq), 0) FROM snapshots)) AS last`,
  );
  const { first, last, count } = row.get() ?? {};
  return { first: Number(first ?? 0), last: Number(last), count: Number(count) };
}

function transact(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const damageCodes = new Set([1, 11, 26]);

// Damage is what SQLite calls an error of content: SQLITE_ERROR (a missing table), CORRUPT and NOTADB.
function openFault(file: string, error: unknown): unknown {
  if (error instanceof PathwardenError) return error;
  const errcode = (error as { errcode?: number }).errcode ?? 0;
  if (damageCodes.has(errcode & 0xff)) return damaged(`The journal ${file} cannot be read.`, { file }, error);
  const message = `The journal ${file} cannot be opened for writing: check its directory, owner and free space.`;
  return new PathwardenError('JOURNAL_WRITE_FAILED', message, { file }, { cause: error });
}
