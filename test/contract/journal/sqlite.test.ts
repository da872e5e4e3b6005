import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import type { JournalPort } from '../../../src/ports/journal.ts';
import { appender, operator, sqlitePlace } from './places.ts';
import { record, records } from './records.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
let journal: JournalPort;
beforeEach(async () => {
  place = await sqlitePlace();
  journal = place.journal();
});
afterEach(async () => {
  await journal.close();
  await place.remove();
});

it('names the process that holds the file, and takes it over without a trace when that one is killed', async () => {
  const holder = await appender(place.file);
  await holder.reached(1);
  const refusal = { code: 'JOURNAL_IN_USE', message: expect.stringContaining(`pid ${holder.pid}`) };
  await expect(journal.open()).rejects.toMatchObject(refusal);
  await holder.kill();
  expect((await journal.open()).lastSeq).toBeGreaterThan(0);
});

it('can be read by another program while it is open', async () => {
  await journal.open();
  await journal.append(records(1, 3));
  const script = `const { DatabaseSync } = require('node:sqlite');
    const journal = new DatabaseSync(process.argv[1], { readOnly: true });
    console.log(JSON.stringify(journal.prepare('SELECT seq, actor, event_type FROM records').all()));`;
  const printed = execFileSync(process.execPath, ['-e', script, place.file], { encoding: 'utf8' });
  expect(JSON.parse(printed)[2]).toEqual({ seq: 3, actor: 'path/00001/1', event_type: 'lock.granted' });
  await journal.append([record(4)]);
});

it('leaves the event loop free while the disk does not answer', async () => {
  await journal.open();
  using other = new DatabaseSync(place.file);
  other.exec('BEGIN IMMEDIATE');
  let stored = false;
  const append = journal.append([record(1)]).then(() => (stored = true));
  for (let turns = 0; turns < 1000; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(stored).toBe(false);
  other.exec('ROLLBACK');
  await append;
});

it('is damaged when the file is something else', async () => {
  await mkdir(dirname(place.file), { recursive: true });
  await writeFile(place.file, 'not a database, '.repeat(1000));
  await expect(journal.open()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', facts: { file: place.file } });
});

it('is damaged when the file is another database', async () => {
  await mkdir(dirname(place.file), { recursive: true });
  operator(place.file, 'CREATE TABLE other (a); PRAGMA user_version = 1');
  await expect(journal.open()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
});

it('is damaged when the file was cut off, and can be opened anew once the file is moved away', async () => {
  await fillAndClose();
  await truncate(place.file, 20_000);
  const cut = place.journal();
  await expect(cut.open()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  await cut.close();
  await rename(place.file, `${place.file}.damaged`);
  journal = place.journal();
  expect(await journal.open()).toEqual({ snapshots: [], records: [], lastSeq: 0 });
});

it('is damaged when one bit of a stored text flipped, and names the record', async () => {
  await fillAndClose();
  const bytes = await readFile(place.file);
  const position = bytes.indexOf('"epoch":77');
  bytes[position + 8] = (bytes[position + 8] ?? 0) ^ 1;
  await writeFile(place.file, bytes);
  journal = place.journal();
  await expect(journal.open()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', facts: { seq: 77 } });
});

it('is damaged when records are missing in the middle', async () => {
  await fillAndClose();
  operator(place.file, 'DELETE FROM records WHERE seq = 50');
  journal = place.journal();
  await expect(journal.open()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
});

it('is damaged when a newer version wrote it', async () => {
  await fillAndClose();
  operator(place.file, 'PRAGMA user_version = 99');
  journal = place.journal();
  const refusal = { code: 'JOURNAL_DAMAGED', facts: { version: 99, known: 1 } };
  await expect(journal.open()).rejects.toMatchObject(refusal);
});

it('says so when the file cannot be created', async () => {
  await mkdir(dirname(place.file), { recursive: true });
  await writeFile(`${place.file}.d`, '');
  const misplaced = sqliteJournal({ file: `${place.file}.d/journal.db` });
  await expect(misplaced.open()).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
  await misplaced.close();
});

async function fillAndClose(): Promise<void> {
  await journal.open();
  await journal.append(records(1, 300));
  await journal.close();
}
