// Makes the file ready: begun when there is none, of today's format, and not damaged where recovery looks.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tooNew } from './faults.ts';
import { damaged } from './rows.ts';
import { schema, schemaVersion, upgrades } from './schema.ts';
import { condemned, syncDirectory } from './set-aside.ts';
import { transact } from './transact.ts';
import { walDamage } from './wal.ts';

/** Room that the write-ahead log keeps after a burst. */
const walBytesKept = 16 * 1024 * 1024;

/** Damage that shows before the file is opened; opening would wipe its traces. Throws `JOURNAL_DAMAGED`. */
export function checkFiles(file: string): void {
  const told = condemned(file);
  if (told !== null) throw damaged(`The journal ${file} was found damaged while it was in use: ${told}.`, { file });
  if (!existsSync(file)) {
    if (!existsSync(`${file}-wal`)) return;
    throw damaged(`The journal ${file} is gone and its write-ahead log is there.`, { file });
  }
  if (statSync(file).size === 0) throw damaged(`The journal ${file} is empty.`, { file });
  const finding = walDamage(file);
  if (finding !== null) throw damaged(`The journal ${file} is damaged: ${finding}.`, { file });
}

/** A new journal appears whole or not at all, so that an empty file always means a loss. */
export function begin(file: string): void {
  const draft = `${file}.new`;
  for (const part of ['', '-journal', '-wal', '-shm']) rmSync(draft + part, { force: true });
  const database = new DatabaseSync(draft);
  try {
    transact(database, () => database.exec(schema));
  } finally {
    database.close();
  }
  const handle = openSync(draft, 'r+');
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
  syncDirectory(dirname(file));
}

/** Throws `JOURNAL_DAMAGED`, `JOURNAL_TOO_NEW`, or SQLite's error. */
export function prepare(database: DatabaseSync, file: string): void {
  checkVersion(database, file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${walBytesKept}`);
  // Old frames would look like lost ones to the next check.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  checkLength(database, file);
  for (const upgrade of upgrades.slice(versionOf(database) - 1)) transact(database, () => database.exec(upgrade));
}

/** Says who has it, for whoever finds it locked. */
export function sign(database: DatabaseSync, node: string | null): void {
  const hold = database.prepare(
    `INSERT INTO holder (id, pid, host, since, node) VALUES (1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
     SET pid = excluded.pid, host = excluded.host, since = excluded.since, node = ifnull(excluded.node, holder.node)`,
  );
  hold.run(process.pid, hostname(), Date.now(), node);
}

export function checkVersion(database: DatabaseSync, file: string): void {
  const version = versionOf(database);
  if (version > schemaVersion) throw tooNew(file, version, schemaVersion);
  if (version < 1) throw damaged(`The journal ${file} is another database.`, { file, version });
}

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

function checkLength(database: DatabaseSync, file: string): void {
  const pragma = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const expected = pragma('page_count') * pragma('page_size');
  const { size } = statSync(file);
  if (size < expected) throw damaged(`The journal ${file} was cut off.`, { file, size, expected });
}
