// Reads a journal file of whichever node, without a daemon and without a trace: an SQLite file or an export of one.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PathwardenError } from '../../src/errors.ts';
import type { JournalReader, JournalRecord } from '../../src/ports/journal.ts';
import { openFault } from './faults.ts';
import { importExport } from './import.ts';
import { checkVersion } from './prepare.ts';
import { checkOrder, checkQuery, damaged, decodeRecord, decodeSnapshots, type SnapshotRow } from './rows.ts';
import { checkedRows, earlierRows, extentOf, snapshotRows } from './stored.ts';

const pageRecords = 5_000;

/** Throws `NOT_FOUND`, `JOURNAL_DAMAGED` or `JOURNAL_TOO_NEW`. */
export function readJournal(file: string): JournalReader {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new PathwardenError('NOT_FOUND', `There is no journal ${file}: name the file itself.`, { file });
  }
  let database: DatabaseSync | null = null;
  try {
    const imported = isSqlite(file) ? null : importExport(file);
    database = imported?.database ?? openStored(file);
    return bind(database, file, imported === null ? writerOf(database) : imported.node);
  } catch (error) {
    database?.close();
    throw openFault(file, error);
  }
}

function bind(database: DatabaseSync, file: string, node: string | null): JournalReader {
  return {
    node,
    info: () => {
      const { first, last } = extentOf(database);
      const records = last === 0 ? 0 : last - first + 1;
      return { records, firstSeq: first, lastSeq: last, sizeBytes: statSync(file).size, location: file };
    },
    snapshots: () => decodeSnapshots(storedSnapshots(database)),
    earlier: () => (versionOf(database) > 2 ? decodeSnapshots(earlierRows(database)) : []),
    records: () => pages(database),
    read: (query) => {
      checkQuery(query);
      const records = checkedRows(database, query).map(decodeRecord);
      checkOrder(records, query);
      return records;
    },
    close: () => database.close(),
  };
}

function* pages(database: DatabaseSync): Generator<JournalRecord> {
  const { first, last } = extentOf(database);
  if (last === 0) return;
  for (let expected = first; expected <= last;) {
    const rows = checkedRows(database, { from: expected, to: Math.min(last, expected + pageRecords - 1), limit: -1 });
    if (rows.length === 0) throw damaged(`Record ${expected} of the journal is missing.`, { seq: expected });
    for (const row of rows) {
      if (row[0] !== expected) throw damaged(`Record ${expected} of the journal is missing.`, { seq: expected });
      yield decodeRecord(row);
      expected += 1;
    }
  }
}

function openStored(file: string): DatabaseSync {
  // Without a write-ahead log nobody has it open, and SQLite need not make one beside what may be evidence.
  const isAtRest = !existsSync(`${file}-wal`);
  const url = pathToFileURL(file);
  if (isAtRest) url.searchParams.set('immutable', '1');
  const database = new DatabaseSync(url, { readOnly: true, timeout: 5000 });
  try {
    checkVersion(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The first format had no checksum on snapshots. */
function storedSnapshots(database: DatabaseSync): readonly SnapshotRow[] {
  if (versionOf(database) > 1) return snapshotRows(database);
  const rows = database.prepare('SELECT actor, seq, snapshot FROM snapshots ORDER BY seq');
  rows.setReturnArrays(true);
  return rows.all() as unknown as SnapshotRow[];
}

function writerOf(database: DatabaseSync): string | null {
  const column = versionOf(database) > 1 ? 'node' : 'host';
  const name = database.prepare(`SELECT ${column} AS name FROM holder`).get()?.['name'];
  return typeof name === 'string' ? name : null;
}

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

function isSqlite(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(15);
    readSync(handle, head);
    return head.toString('latin1') === 'SQLite format 3';
  } finally {
    closeSync(handle);
  }
}
