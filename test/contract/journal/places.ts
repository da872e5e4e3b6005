// Where a journal can live: an SQLite file, and memory. Both must pass the same contract.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { emptyImage, memoryJournal, type MemoryJournal } from '../../../adapters/journal/memory.ts';
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import type { JournalPort } from '../../../src/ports/journal.ts';
import { record } from './records.ts';

export interface Place {
  /** A journal on this place, not opened yet. */
  journal(): JournalPort;
  /** Appends until the process dies without warning. Returns the newest seq that was acknowledged. */
  crashAmidAppends(): Promise<number>;
  /** Makes every append fail that holds `seq`, at least; returns the repair. */
  breakAt(seq: number): () => void;
  /** Changes the text of a stored record. */
  damage(seq: number): void;
  remove(): Promise<void>;
}

export const places = { 'an SQLite file': sqlitePlace, memory: memoryPlace };

export async function sqlitePlace(): Promise<Place & { readonly file: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'pathwarden-journal-'));
  const file = join(directory, 'state', 'journal.db');
  return {
    file,
    journal: () => sqliteJournal({ file }),
    crashAmidAppends: () => killAmidAppends(file),
    breakAt(seq) {
      const full = `SELECT RAISE(ABORT, 'no space left, says the test')`;
      operator(file, `CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.seq = ${seq} BEGIN ${full}; END`);
      return () => operator(file, 'DROP TRIGGER full');
    },
    damage: (seq) => operator(file, `UPDATE records SET event = '{' WHERE seq = ${seq}`),
    remove: () => rm(directory, { recursive: true }),
  };
}

async function memoryPlace(): Promise<Place> {
  let image = emptyImage();
  const journals: MemoryJournal[] = [];
  const journal = (): MemoryJournal => {
    const made = memoryJournal({ image });
    journals.push(made);
    return made;
  };
  return {
    journal,
    async crashAmidAppends() {
      const dying = journal();
      await dying.open();
      await dying.append([record(1), record(2)]);
      dying.hang();
      void dying.append([record(3)]);
      image = dying.crash().image;
      return 2;
    },
    breakAt() {
      const repairs = journals.map((each) => each.fail('no space left, says the test'));
      return () => repairs.forEach((repair) => repair());
    },
    damage(seq) {
      const index = image.records.findIndex((row) => row[0] === seq);
      image.records = image.records.with(index, Object.assign([], image.records[index], { 5: '{' }));
    },
    remove: async () => {},
  };
}

/** What a person with the sqlite3 tool could do to the file. */
export function operator(file: string, sql: string): void {
  using database = new DatabaseSync(file);
  database.exec(sql);
}

/** A process of its own that opens the journal and appends without end. `acknowledged` grows as it tells. */
export async function appender(file: string) {
  const script = new URL('./appender.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let acknowledged = 0;
  const reached = async (count: number): Promise<void> => {
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line));
      if (acknowledged >= count) break;
    }
  };
  const kill = async (): Promise<void> => {
    child.stdout.on('data', (text: Buffer) => {
      const lines = text.toString().split('\n').slice(0, -1);
      acknowledged = Math.max(acknowledged, ...lines.map(Number));
    });
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: child.pid, reached, kill, acknowledged: () => acknowledged };
}

async function killAmidAppends(file: string): Promise<number> {
  const child = await appender(file);
  await child.reached(500);
  await child.kill();
  return child.acknowledged();
}
