// An export of a journal, newline-delimited JSON, as a database of its own that goes away when it is closed.
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ActorSnapshot, JournalRecord } from '../../src/ports/journal.ts';
import { type Cell, damaged, encodeRecord, encodeSnapshot, recordColumns } from './rows.ts';
import { schema } from './schema.ts';
import { checksum } from './stored.ts';

const chunkBytes = 1024 * 1024;

/** Throws `JOURNAL_DAMAGED` naming the line. */
export function importExport(file: string): { readonly database: DatabaseSync; readonly node: string | null } {
  // Without a name: SQLite keeps it in a temporary file that nobody else sees.
  const database = new DatabaseSync('');
  try {
    database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ${schema} BEGIN`);
    const node = insertLines(database, file);
    database.exec('COMMIT');
    return { database, node };
  } catch (error) {
    database.close();
    throw error;
  }
}

function insertLines(database: DatabaseSync, file: string): string | null {
  const places = Array.from({ length: 11 }, () => '?').join(', ');
  const record = database.prepare(`INSERT INTO records (${recordColumns}, checksum) VALUES (${places})`);
  const snapshotInto = (table: 'snapshots' | 'earlier'): StatementSync =>
    database.prepare(`INSERT OR REPLACE INTO ${table} (actor, seq, snapshot, checksum) VALUES (?, ?, ?, ?)`);
  const [snapshot, earlier] = [snapshotInto('snapshots'), snapshotInto('earlier')];
  let node: string | null = null;
  let number = 0;
  for (const line of linesOf(file)) {
    number += 1;
    if (line.trim() === '') continue;
    const entry = parse(line, file, number);
    if ('event' in entry) {
      const cells: Cell[] = [];
      encodeRecord(entry as unknown as JournalRecord, cells);
      record.run(...cells, checksum(cells));
    } else if ('snapshot' in entry) {
      const row = encodeSnapshot(entry as unknown as ActorSnapshot);
      (entry['kind'] === 'earlier' ? earlier : snapshot).run(...row, checksum(row));
    } else if (typeof entry['node'] === 'string') node = entry['node'];
  }
  return node;
}

function parse(line: string, file: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null) return entry as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw damaged(`${file} is neither a journal nor an export of one: line ${number} is no JSON.`, { file, number });
}

function* linesOf(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(chunkBytes);
  let rest = '';
  try {
    for (let size = readSync(handle, chunk); size > 0; size = readSync(handle, chunk)) {
      const lines = (rest + decoder.write(chunk.subarray(0, size))).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(handle);
  }
}
