import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import type { JournalPort } from '../../../src/ports/journal.ts';
import { appender, sqlitePlace } from './places.ts';
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

it('says so when the file cannot be created', async () => {
  await mkdir(dirname(place.file), { recursive: true });
  await writeFile(`${place.file}.d`, '');
  const misplaced = sqliteJournal({ file: `${place.file}.d/journal.db` });
  await expect(misplaced.open()).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
  await misplaced.close();
});
