// How fast the journal by itself takes records, against bare inserts of the same records in the same batches.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Cell, encodeRecord, recordColumns } from '../../adapters/journal/rows.ts';
import { schema } from '../../adapters/journal/schema.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import type { JournalPort, JournalRecord } from '../../src/ports/journal.ts';
import type { Figure } from './report.ts';

/** Batch size → how many batches. `burst` appends every record on its own, all in one turn, as a take-over does. */
const plans = { 'batch 1': [1, 500], 'batch 16': [16, 200], 'batch 1000': [1000, 20], burst: [6000, 1] } as const;

export async function benchAppend(directory: string): Promise<readonly Figure[]> {
  const written = sqliteJournal({ file: join(directory, 'append.db') });
  const raw = rawDatabase(join(directory, 'append-raw.db'));
  try {
    await written.open();
    const figures: Figure[] = [];
    let seq = 0;
    for (const [name, [size, count]] of Object.entries(plans)) {
      const batches = Array.from({ length: count }, () => Array.from({ length: size }, () => record((seq += 1))));
      const rawMs = await timed(async () => batches.forEach((batch) => raw.insert(batch)));
      const journalMs = await timed(() => (name === 'burst' ? burst(written, batches) : inTurn(written, batches)));
      figures.push(compare(name, size * count, journalMs, rawMs));
    }
    return figures;
  } finally {
    await written.close();
    raw.close();
  }
}

async function inTurn(journal: JournalPort, batches: readonly JournalRecord[][]): Promise<void> {
  for (const batch of batches) await journal.append(batch);
}

async function burst(journal: JournalPort, batches: readonly JournalRecord[][]): Promise<void> {
  await Promise.all(batches.flat().map((each) => journal.append([each])));
}

function rawDatabase(file: string) {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
  const insert = database.prepare(
    `INSERT INTO records (${recordColumns}, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
  );
  return {
    insert(batch: readonly JournalRecord[]): void {
      database.exec('BEGIN');
      for (const each of batch) insert.run(...cellsOf(each));
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}

function cellsOf(each: JournalRecord): Cell[] {
  const cells: Cell[] = [];
  encodeRecord(each, cells);
  return cells;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function compare(batch: string, records: number, journalMs: number, rawMs: number): Figure {
  const perSecond = (ms: number): number => Math.round((records / ms) * 1000);
  const baseline = { value: perSecond(rawMs), what: 'bare node:sqlite inserts in the same batches, on one thread' };
  return { name: `append, ${batch}`, value: perSecond(journalMs), unit: 'records/s', baseline, facts: { records } };
}

function record(seq: number): JournalRecord {
  const path = `0000${seq % 9}/${seq % 50}`;
  return {
    seq,
    actor: `path/${path}`,
    machine: 'disk-path@1',
    at: Date.now(),
    event: { type: 'backstore.attached', epoch: 4711, device: '/dev/rbd0' } as JournalRecord['event'],
    value: { mapped: 'opening' },
    intents: [{ type: 'target.open', params: { path, epoch: 4711, address: '192.0.2.7', group: 1 } }],
    cause: { kind: 'intent', id: `${seq - 1}.0` },
    settles: `${seq - 1}.0`,
  };
}
