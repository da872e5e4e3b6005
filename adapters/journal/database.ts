// The journal as an SQLite file. Everything here blocks on the disk, so it runs on the worker thread only.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { PathwardenError } from '../../src/errors.ts';
import type { Compacted, JournalInfo, JournalQuery, Retention, SetAside } from '../../src/ports/journal.ts';
import { compact } from './compaction.ts';
import { Coverage } from './coverage.ts';
import { keepEarlier } from './earlier.ts';
import { openFault } from './faults.ts';
import { lockJournal } from './lock.ts';
import { begin, checkFiles, prepare, sign } from './prepare.ts';
import {
  type Cell, checkFollows, damaged, recordColumns, recordWidth, type RecordRow, type SnapshotRow,
} from './rows.ts';
import { setAside } from './set-aside.ts';
import {
  checkedRows, checksum, coverageOf, earlierRows, extentOf, recordsBehind, snapshotRows,
} from './stored.ts';
import { transact } from './transact.ts';

export interface StoredContents {
  readonly snapshots: readonly SnapshotRow[];
  /** Records newer than their actor's snapshot. */
  readonly records: readonly RecordRow[];
  readonly lastSeq: number;
}

export interface JournalDatabase {
  readonly contents: StoredContents;
  readonly setAside: SetAside | null;
  append(cells: readonly Cell[]): void;
  saveSnapshots(rows: readonly SnapshotRow[]): void;
  read(query: JournalQuery): readonly RecordRow[];
  /** All that are stored of the actor, oldest first. */
  snapshots(actor: string): readonly SnapshotRow[];
  compact(retention: Retention): Compacted;
  /** Gives free room back to the file system. Takes the whole file's time and room: not for a running daemon. */
  shrink(): void;
  info(): JournalInfo;
  close(): void;
}

interface Place {
  readonly file: string;
  /** Which node writes; null leaves the question open. */
  readonly node: string | null;
}

/**
 * A damaged journal is set aside and a new one begun.
 * Throws `JOURNAL_IN_USE`, `JOURNAL_TOO_NEW`, or `JOURNAL_WRITE_FAILED` when it cannot even be created.
 */
export function openDatabase(place: Place): JournalDatabase {
  const { file } = place;
  let unlock = (): void => {};
  try {
    mkdirSync(dirname(file), { recursive: true });
    unlock = lockJournal(file);
    return openLocked(place, unlock);
  } catch (error) {
    unlock();
    throw openFault(file, error);
  }
}

/** Like `openDatabase`, and a damaged journal stays where it is: `JOURNAL_DAMAGED`. */
export function openWhole(place: Place): JournalDatabase {
  const unlock = lockJournal(place.file);
  try {
    return attempt(place, unlock, null);
  } catch (error) {
    unlock();
    throw openFault(place.file, error);
  }
}

function openLocked(place: Place, unlock: () => void): JournalDatabase {
  try {
    return attempt(place, unlock, null);
  } catch (error) {
    const fault = openFault(place.file, error);
    if (fault.code !== 'JOURNAL_DAMAGED') throw fault;
    return attempt(place, unlock, setAside(place.file, reasonOf(fault), Date.now()));
  }
}

function reasonOf({ message, cause }: PathwardenError): string {
  const [what = message] = message.split('. ');
  return cause instanceof Error ? `${what} (${cause.message})` : what;
}

function attempt(place: Place, unlock: () => void, aside: SetAside | null): JournalDatabase {
  const { file, node } = place;
  checkFiles(file);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) begin(file);
  const database = new DatabaseSync(file, { timeout: 5000 });
  const close = (): void => {
    database.close();
    unlock();
  };
  try {
    prepare(database, file);
    const journal = bind(database, file, aside, close);
    sign(database, node);
    return journal;
  } catch (error) {
    database.close();
    throw error;
  }
}

function bind(database: DatabaseSync, file: string, aside: SetAside | null, close: () => void): JournalDatabase {
  const contents = recoverable(database);
  let { lastSeq } = contents;
  let coverage = new Coverage(lastSeq);
  for (const [seq, actor] of contents.records) coverage.recorded(actor, seq);
  // Compaction goes up to here, so that the next start must know it.
  if (coverage.seq > coverageOf(database)) storeSnapshots(database, [], coverage.seq);
  const insertRecord = database.prepare(
    `INSERT INTO records (${recordColumns}, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    contents,
    setAside: aside,
    append(cells) {
      checkFollows(lastSeq, cells);
      appendCells(database, insertRecord, cells);
      lastSeq = Number(cells.at(-recordWidth));
      for (let at = 0; at < cells.length; at += recordWidth) {
        coverage.recorded(String(cells[at + 1]), Number(cells[at]));
      }
    },
    saveSnapshots(rows) {
      const next = coverage.after(rows);
      storeSnapshots(database, rows, next.seq);
      coverage = next;
    },
    read: (query) => checkedRows(database, query),
    snapshots: (actor) => [...earlierRows(database, actor), ...snapshotRows(database, actor)],
    compact: (retention) => compact(database, coverage.seq, retention),
    shrink: () => database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'),
    info: () => describe(database, file),
    close,
  };
}

/** What recovery needs: snapshots, and the records that they do not cover. Old records cost nothing here. */
function recoverable(database: DatabaseSync): StoredContents {
  const snapshots = snapshotRows(database);
  const covered = coverageOf(database);
  const seqs = new Map(snapshots.map(([actor, seq]) => [actor, seq]));
  const behind = recordsBehind(database, covered);
  const { last } = extentOf(database);
  const newest = Math.max(covered, ...seqs.values());
  if (newest > last) throw damaged(`The newest records are missing: ${last} is the last.`, { last, newest });
  if (behind.length > 0 && behind[0]?.[0] !== covered + 1 && covered > 0) {
    throw damaged(`Record ${covered + 1} of the journal is missing.`, { seq: covered + 1 });
  }
  const records = behind.filter(([seq, actor]) => seq > (seqs.get(actor) ?? 0));
  return { snapshots, records, lastSeq: last };
}

function appendCells(database: DatabaseSync, insert: StatementSync, cells: readonly Cell[]): void {
  transact(database, () => {
    for (let start = 0; start < cells.length; start += recordWidth) {
      const row = cells.slice(start, start + recordWidth);
      insert.run(...row, checksum(row));
    }
  });
}

function storeSnapshots(database: DatabaseSync, rows: readonly SnapshotRow[], covered: number): void {
  const upsert = database.prepare(
    `INSERT INTO snapshots (actor, seq, snapshot, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (actor) DO UPDATE
     SET seq = excluded.seq, snapshot = excluded.snapshot, checksum = excluded.checksum
     WHERE excluded.seq >= snapshots.seq`,
  );
  const keep = keepEarlier(database);
  transact(database, () => {
    for (const row of rows) {
      keep(row[0], row[1]);
      upsert.run(...row, checksum(row));
    }
    const cover = database.prepare('INSERT OR REPLACE INTO coverage (id, seq, checksum) VALUES (1, ?, ?)');
    cover.run(covered, checksum([covered]));
  });
}

function describe(database: DatabaseSync, file: string): JournalInfo {
  const { first, last } = extentOf(database);
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const records = last === 0 ? 0 : last - first + 1;
  return { records, firstSeq: first, lastSeq: last, sizeBytes: size(file) + size(`${file}-wal`), location: file };
}
