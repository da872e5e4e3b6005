// The whole commit path of an engine on a real disk, against bare inserts of the same records in the same batches.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Cell, recordColumns } from '../../adapters/journal/rows.ts';
import { schema } from '../../adapters/journal/schema.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import { runRounds } from './journal-engine.ts';
import type { Figure } from './report.ts';

/**
 * So many paths take and release at the same time: first to warm up, then until about so many records are durable.
 * Four of them wait for one commit after the other: that is how long a commit takes, and not how many there can be.
 */
const plans = [
  { paths: 4, warmUpRecords: 4_000, records: 12_000, isJudged: false },
  { paths: 40, warmUpRecords: 10_000, records: 40_000, isJudged: true },
  { paths: 400, warmUpRecords: 20_000, records: 70_000, isJudged: true },
  { paths: 1_000, warmUpRecords: 20_000, records: 80_000, isJudged: true },
] as const;
type Plan = (typeof plans)[number];
const turns = 3;

interface Measured {
  readonly records: number;
  readonly batches: number;
  readonly perSecond: number;
  readonly rawPerSecond: number;
}

export async function benchCommit(directory: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const plan of plans) {
    const measured: Measured[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      measured.push(await measure(folderOf(directory, plan.paths, turn), plan));
    }
    figures.push(compare(plan, measured));
  }
  return figures;
}

/** The journal of the last plan, when it is over. */
export const longestCommit = (directory: string): string => journalIn(folderOf(directory, plans.at(-1)?.paths ?? 0, 0));

const folderOf = (directory: string, paths: number, turn: number): string =>
  join(directory, `${String(paths)}-${String(turn)}`);

const journalIn = (folder: string): string => join(folder, 'journal.db');

async function measure(folder: string, { paths, warmUpRecords, records }: Plan): Promise<Measured> {
  const file = journalIn(folder);
  const batches: number[] = [];
  const { engine, tookMs, records: durable } = await runRounds({
    journal: noting(sqliteJournal({ file }), batches),
    disks: Array.from({ length: paths }, (_, disk) => String(disk).padStart(5, '0')),
    warmUpRecords,
    goesOn: ({ counts }) => counts.records < records,
  });
  await engine.stop();
  const rawMs = insertedRaw(join(folder, 'raw.db'), written(file, batches));
  const all = batches.reduce((sum, size) => sum + size, 0);
  const perSecond = (count: number, ms: number): number => Math.round((count / ms) * 1000);
  return {
    records: all,
    batches: batches.length,
    perSecond: perSecond(durable, tookMs),
    rawPerSecond: perSecond(all, rawMs),
  };
}

/** `batches` gets the size of everything that is appended. */
function noting(journal: JournalPort, batches: number[]): JournalPort {
  return { ...journal, append: (records) => (batches.push(records.length), journal.append(records)) };
}

/** On this thread, with nothing to encode and nothing to check: what SQLite and the disk take by themselves. */
function insertedRaw(file: string, batches: readonly (readonly Cell[])[][]): number {
  using database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
  const insert = database.prepare(
    `INSERT INTO records (${recordColumns}, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const startMs = performance.now();
  for (const rows of batches) {
    database.exec('BEGIN');
    for (const row of rows) insert.run(...row);
    database.exec('COMMIT');
  }
  return performance.now() - startMs;
}

/** What the engine wrote, in its batches. */
function written(file: string, sizes: readonly number[]): (readonly Cell[])[][] {
  using database = new DatabaseSync(file, { readOnly: true });
  const records = database.prepare(`SELECT ${recordColumns}, checksum FROM records ORDER BY seq`);
  records.setReturnArrays(true);
  const rows = records.all() as unknown as Cell[][];
  let from = 0;
  return sizes.map((size) => rows.slice(from, (from += size)));
}

/** In turns, so that both meet the same neighbours; the best of each is the least disturbed one. */
function compare({ paths, isJudged }: Plan, measured: readonly Measured[]): Figure {
  const best = Math.max(...measured.map(({ perSecond }) => perSecond));
  const raw = Math.max(...measured.map(({ rawPerSecond }) => rawPerSecond));
  const sum = (of: 'records' | 'batches'): number => measured.reduce((total, each) => total + each[of], 0);
  const what = 'bare node:sqlite inserts of the same encoded records in the same batches, WAL and synchronous=FULL, ' +
    'on one thread';
  return {
    name: `commit path, ${String(paths)} paths at once`,
    value: best,
    unit: 'records/s',
    ...(isJudged ? { bar: { atLeast: Math.round(raw / 2) } } : {}),
    baseline: { value: raw, what },
    facts: {
      recordsPerBatch: Math.round(sum('records') / sum('batches')),
      worst: Math.min(...measured.map(({ perSecond }) => perSecond)),
      worstBaseline: Math.min(...measured.map(({ rawPerSecond }) => rawPerSecond)),
    },
  };
}
