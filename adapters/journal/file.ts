// A journal file for people and programs beside the daemon: read only, also while a daemon writes it.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PathwardenError } from '../../src/errors.ts';
import type { ActorSnapshot, JournalRecord } from '../../src/ports/journal.ts';
import { usedBytes } from './compaction.ts';
import { openFault } from './faults.ts';
import { checkVersion } from './prepare.ts';
import { type Cell, decodeRecord, decodeSnapshots, recordColumns, recordWidth, type RecordRow } from './rows.ts';
import { checksum, earlierRows, extentOf } from './stored.ts';

export interface JournalFileInfo {
  readonly file: string;
  readonly node: string | null;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Wall clock milliseconds of the first and the last record; null where it cannot be read. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly actors: number;
  readonly sizeBytes: number;
  /** Without the room that is free in the file. */
  readonly usedBytes: number;
  /** Who opened it for writing last; it may be gone. */
  readonly holder: { readonly pid: number; readonly host: string; readonly since: number } | null;
  /** Damaged journals beside it. */
  readonly setAside: readonly string[];
}

/** One record, or what could not be read in its place. */
export type Line = { readonly record: JournalRecord } | { readonly unreadable: number; readonly reason: string };

export interface JournalFile {
  info(): JournalFileInfo;
  /** Those that can be read, the newest of each actor. */
  snapshots(): ActorSnapshot[];
  /** What newer snapshots replaced, as far as it is kept and can be read. */
  earlier(): ActorSnapshot[];
  /** In order; a few hundred at a time are in memory. */
  lines(): Generator<Line>;
  readonly database: DatabaseSync;
  close(): void;
}

const batchRecords = 250;
/** Past so many in a row that cannot be read, the end is not looked for any more. */
const unreadableMax = 20_000;

/** Throws `NOT_FOUND`, `JOURNAL_TOO_NEW`, or `JOURNAL_DAMAGED` when not even its tables can be read. */
export function openJournalFile(name: string): JournalFile {
  const file = resolve(name);
  if (!existsSync(file)) throw new PathwardenError('NOT_FOUND', `There is no journal ${file}.`, { file });
  try {
    const database = openForReading(file);
    checkVersion(database, file);
    database.prepare('SELECT seq FROM records LIMIT 1').get();
    return {
      database,
      info: () => infoOf(database, file),
      snapshots: () => readableSnapshots(database),
      earlier: () => attempt(() => decodeSnapshots(earlierRows(database))) ?? [],
      lines: () => linesOf(database),
      close: () => database.close(),
    };
  } catch (error) {
    throw openFault(file, error);
  }
}

function openForReading(file: string): DatabaseSync {
  if (existsSync(`${file}-wal`)) return new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  // At rest: SQLite would leave files beside it that it can never remove.
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

function infoOf(database: DatabaseSync, file: string): JournalFileInfo {
  const { first, last } = extentOf(database);
  const at = (seq: number): number | null => {
    const row = attempt(() => database.prepare('SELECT at FROM records WHERE seq = ?').get(seq));
    return row === undefined ? null : Number(row['at']);
  };
  const holder = attempt(() => database.prepare('SELECT * FROM holder').get());
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const beside = readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.damaged-`));
  const actors = attempt(() => database.prepare('SELECT count(*) AS count FROM snapshots').get());
  return {
    file,
    node: typeof holder?.['node'] === 'string' ? holder['node'] : null,
    records: last === 0 ? 0 : last - first + 1,
    firstSeq: first,
    lastSeq: last,
    firstAt: at(first),
    lastAt: at(last),
    actors: Number(actors?.['count'] ?? 0),
    sizeBytes: size(file) + size(`${file}-wal`),
    usedBytes: usedBytes(database),
    holder: holder === undefined ? null : {
      pid: Number(holder['pid']), host: String(holder['host']), since: Number(holder['since']),
    },
    setAside: beside.filter((name) => !/-(wal|shm)$/.test(name)).map((name) => join(dirname(file), name)),
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readableSnapshots(database: DatabaseSync): ActorSnapshot[] {
  const actors = attempt(() => database.prepare('SELECT actor FROM snapshots ORDER BY seq').all()) ?? [];
  const one = database.prepare('SELECT actor, seq, snapshot FROM snapshots WHERE actor = ?');
  one.setReturnArrays(true);
  return actors.flatMap(({ actor }) =>
    attempt(() => decodeSnapshots([one.get(String(actor)) as unknown as [string, number, string | null]])) ?? []);
}

function* linesOf(database: DatabaseSync): Generator<Line> {
  // Each part is a read of its own, so that a daemon that writes meanwhile is not kept from tidying its log.
  const part = database.prepare(`SELECT ${recordColumns}, checksum FROM records WHERE seq >= ? ORDER BY seq LIMIT ?`);
  part.setReturnArrays(true);
  const { first, last } = attempt(() => extentOf(database)) ?? { first: 1, last: Infinity };
  for (let seq = Math.max(first, 1), bad = 0; seq <= last && bad < unreadableMax;) {
    const rows = attempt(() => part.all(seq, batchRecords) as unknown as Cell[][]);
    if (rows?.length === 0) return;
    const lines = rows === undefined ? oneByOne(part, seq) : rows.map(lineOf);
    for (const line of lines) {
      const at = 'record' in line ? line.record.seq : line.unreadable;
      for (; seq < at; seq += 1) yield { unreadable: seq, reason: 'it is missing' };
      bad = 'record' in line ? 0 : bad + 1;
      yield line;
      seq = at + 1;
    }
  }
}

/** A page is torn somewhere in this part: each record on its own. */
function oneByOne(part: ReturnType<DatabaseSync['prepare']>, from: number): Line[] {
  return Array.from({ length: batchRecords }, (_, index) => {
    const seq = from + index;
    const [row] = attempt(() => part.all(seq, 1) as unknown as Cell[][]) ?? [];
    return row?.[0] === seq ? lineOf(row) : { unreadable: seq, reason: 'its page cannot be read' };
  });
}

function lineOf(row: Cell[]): Line {
  const unreadable = Number(row[0]);
  const cells = row.slice(0, recordWidth);
  if (checksum(cells) !== row[recordWidth]) return { unreadable, reason: 'it is not what was written' };
  const record = attempt(() => decodeRecord(cells as unknown as RecordRow));
  return record === undefined ? { unreadable, reason: 'it is not JSON' } : { record };
}
