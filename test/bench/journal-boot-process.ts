// A process of its own that writes a long journal, boots from it as a daemon does, or only reads the same rows.
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../adapters/journal/database.ts';
import { type Cell, recordWidth, type SnapshotRow } from '../../adapters/journal/rows.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import type { Boot } from './journal-boot.ts';
import { recordCycle } from './journal-cycle.ts';
import { newEngine } from './journal-engine.ts';

const [what = '', file = '', ...numbers] = process.argv.slice(2);
const [paths = 0, records = 0, behind = 0] = numbers.map(Number);
const batchRecords = 4_000;

const answer = what === 'write' ? await write() : what === 'boot' ? await boot() : bare();
process.send?.(answer);

async function boot(): Promise<Boot> {
  const startMs = performance.now();
  const engine = newEngine(sqliteJournal({ file }), 1, () => {});
  await engine.recover();
  return { tookMs: performance.now() - startMs, actors: engine.registry.size };
}

function bare(): Boot {
  const startMs = performance.now();
  const database = new DatabaseSync(file);
  const snapshots = database.prepare('SELECT * FROM snapshots').all();
  const covered = Number(database.prepare('SELECT seq FROM coverage').get()?.['seq']);
  database.prepare('SELECT * FROM records WHERE seq > ?').all(covered);
  return { tookMs: performance.now() - startMs, actors: snapshots.length };
}

/** The same take-over and release, path after path, round after round. */
async function write(): Promise<string> {
  const { first, again, stored } = await recordCycle();
  const journal = openDatabase({ file, node: 'bench' });
  const seqs = new Map<string, number>();
  let cells: Cell[] = [];
  let seq = 0;
  let isCovered = false;
  const flush = (): void => {
    journal.append(cells);
    cells = [];
  };
  for (let at = 0; seq < records; at += 1) {
    const disk = String(at % paths).padStart(5, '0');
    const rows = (at < paths ? first : again).map((mould) => mould(disk, seq));
    for (const row of rows) seqs.set(String(row[1]), Number(row[0]));
    cells.push(...rows.flat());
    seq += rows.length;
    if (cells.length >= batchRecords * recordWidth) flush();
    if (isCovered || seq < records - behind) continue;
    isCovered = true;
    flush();
    journal.saveSnapshots([...seqs].map(([actor, last]): SnapshotRow => [actor, last, stored(actor)]));
  }
  flush();
  return 'written';
}
