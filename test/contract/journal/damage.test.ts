// Damage of every kind: the file is set aside, a new one is begun, and the daemon is told.
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import type { JournalContents, JournalPort } from '../../../src/ports/journal.ts';
import { operator, sqlitePlace } from './places.ts';
import { record, records, snapshot } from './records.ts';

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

const damages: Record<string, () => Promise<void>> = {
  'is something else': () => writeFile(place.file, 'not a database, '.repeat(1000)),
  'is another database': async () => {
    await rm(place.file);
    operator(place.file, 'CREATE TABLE other (a)');
  },
  'lacks a table': async () => operator(place.file, 'DROP TABLE records'),
  'is empty': () => truncate(place.file, 0),
  'was cut off in the middle': () => truncate(place.file, 20_000),
  'lost its last page': async () => truncate(place.file, (await readFile(place.file)).length - 4096),
  'has a torn last page': async () => truncate(place.file, (await readFile(place.file)).length - 1000),
  'has a flipped bit in a record': () => flip('"epoch":277', 8),
  'has a flipped bit in a snapshot': () => flip('"value":"mapped"', 9),
  'has a page of zeros': async () => {
    const bytes = await readFile(place.file);
    const at = Math.floor(bytes.indexOf('"epoch":277') / 4096) * 4096;
    await writeFile(place.file, bytes.fill(0, at, at + 4096));
  },
  'lacks a record in the middle': async () => operator(place.file, 'DELETE FROM records WHERE seq = 250'),
  'lacks the newest records': async () => operator(place.file, 'DELETE FROM records WHERE seq >= 200'),
  'claims more coverage than there was': async () => operator(place.file, 'UPDATE coverage SET seq = 290'),
};

describe.each(Object.entries(damages))('a journal that %s', (_, damage) => {
  it('is set aside under a name with the date, whole, and a new one takes records', async () => {
    await fillAndClose();
    await damage();
    const before = await readFile(place.file);
    const contents = await reopen();
    expect(contents).toMatchObject({ snapshots: [], records: [], lastSeq: 0 });
    const { location = '', reason = '' } = contents.setAside ?? {};
    expect(location).toMatch(/journal\.db\.damaged-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    expect(reason).not.toBe('');
    expect(await readFile(location)).toEqual(before);
    await journal.append(records(1, 3));
    expect(await journal.read({ limit: 10 })).toHaveLength(3);
  });
});

it('keeps two that were damaged in the same second apart', async () => {
  for (let round = 0; round < 2; round += 1) {
    await fillAndClose();
    await truncate(place.file, 0);
    await reopen();
    await journal.close();
    await rm(place.file);
  }
  expect((await readdir(dirname(place.file))).filter((name) => name.includes('damaged'))).toHaveLength(2);
});

it('refuses a journal that a newer version wrote, and leaves it where it is', async () => {
  await fillAndClose();
  operator(place.file, 'PRAGMA user_version = 99');
  const refusal = { code: 'JOURNAL_TOO_NEW', facts: { version: 99, known: 3 } };
  await expect(reopen()).rejects.toMatchObject(refusal);
  expect(await readdir(dirname(place.file))).not.toContainEqual(expect.stringContaining('damaged'));
});

it('refuses a write-ahead log without its file', async () => {
  await crashed();
  await rm(place.file);
  expect((await reopen()).setAside?.reason).toContain('write-ahead log');
});

it('finds a bit that flipped in the write-ahead log before transactions that were acknowledged', async () => {
  await crashed();
  const bytes = await readFile(`${place.file}-wal`);
  const at = bytes.indexOf('"epoch":3,');
  bytes[at + 8] = (bytes[at + 8] ?? 0) ^ 1;
  await writeFile(`${place.file}-wal`, bytes);
  expect((await reopen()).setAside?.reason).toContain('write-ahead log');
});

it('takes a last transaction that a power cut tore for what it is', async () => {
  await crashed();
  const bytes = await readFile(`${place.file}-wal`);
  bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
  await writeFile(`${place.file}-wal`, bytes);
  const { lastSeq, setAside } = await reopen();
  expect(setAside).toBeUndefined();
  expect(lastSeq).toBe(19);
});

it('is set aside at the next start when damage is found while it is in use', async () => {
  await fillAndClose();
  // The index that an append writes to; recovery does not read it.
  const database = new DatabaseSync(place.file, { readOnly: true });
  const [page] = Object.values(database.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'index'").get() ?? {});
  database.close();
  const bytes = await readFile(place.file);
  await writeFile(place.file, bytes.fill(0xff, (Number(page) - 1) * 4096, Number(page) * 4096));
  expect((await reopen()).setAside).toBeUndefined();
  await expect(journal.append([record(301)])).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
  await journal.close();
  expect((await reopen()).setAside).toBeDefined();
});

it('opens a journal of format 1 and goes on with it', async () => {
  await fillAndClose();
  operator(
    place.file,
    `ALTER TABLE snapshots DROP COLUMN checksum; ALTER TABLE holder DROP COLUMN node; DROP TABLE coverage;
     DROP TABLE earlier; PRAGMA user_version = 1`,
  );
  const contents = await reopen();
  expect(contents).toMatchObject({ lastSeq: 300, snapshots: [{ seq: 200 }] });
  expect(contents.records).toHaveLength(100);
  expect(contents.setAside).toBeUndefined();
});

async function reopen(): Promise<JournalContents> {
  journal = place.journal();
  return journal.open();
}

async function fillAndClose(): Promise<void> {
  journal = place.journal();
  await journal.open();
  await journal.append(records(1, 300));
  await journal.saveSnapshots([snapshot('path/00001/1', 200)]);
  await journal.close();
}

/** The files as a power cut leaves them: twenty transactions in the write-ahead log. */
async function crashed(): Promise<void> {
  await mkdir(dirname(place.file), { recursive: true });
  const living = `${place.file}.living`;
  const other = sqliteJournal({ file: living });
  await other.open();
  for (let seq = 1; seq <= 20; seq += 1) await other.append([record(seq)]);
  for (const part of ['', '-wal']) await copyFile(living + part, place.file + part);
  await other.close();
}

async function flip(text: string, offset: number): Promise<void> {
  const bytes = await readFile(place.file);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes[at + offset] = (bytes[at + offset] ?? 0) ^ 1;
  await writeFile(place.file, bytes);
}
