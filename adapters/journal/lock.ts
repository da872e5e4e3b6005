// One process at a time. The lock is SQLite's own lock on an empty side file, so it dies with its process.
import { DatabaseSync } from 'node:sqlite';
import { PathwardenError } from '../../src/errors.ts';

const busy = 5;

/** Returns what releases it. Throws `JOURNAL_IN_USE` naming the holder, or SQLite's error. */
export function lockJournal(file: string): () => void {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    // The journal itself stays free, so that an operator can read it with sqlite3 meanwhile.
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== busy) throw cause;
    throw inUse(file, cause);
  }
  return () => lock.close();
}

function inUse(file: string, cause: unknown): PathwardenError {
  const holder = readHolder(file);
  const who = holder === null ? 'a process that is just starting' : `pid ${holder.pid} on ${holder.host}`;
  const message = `The journal ${file} is open in ${who}: stop that one first, or give this one another directory.`;
  return new PathwardenError('JOURNAL_IN_USE', message, { file, ...holder }, { cause });
}

function readHolder(file: string): { pid: number; host: string } | null {
  try {
    using journal = new DatabaseSync(file, { readOnly: true, timeout: 1000 });
    const row = journal.prepare('SELECT pid, host FROM holder').get();
    return row === undefined ? null : { pid: Number(row['pid']), host: String(row['host']) };
  } catch {
    return null;
  }
}
