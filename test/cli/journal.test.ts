// The commands on a journal file, on real files: whole, in use, damaged, of a newer version.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readJournal } from '../../adapters/journal/reader.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import { record, records, snapshot } from '../contract/journal/records.ts';
import { bench, type Bench } from './fake-terminal.ts';

let it: Bench;
let file: string;
beforeEach(async () => {
  it = await bench();
  const directory = await mkdtemp(join(tmpdir(), 'pathwarden-cli-journal-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  file = join(directory, 'journal.sqlite');
});

async function journal(count: number): Promise<JournalPort> {
  const made = sqliteJournal({ file, node: 'gw1' });
  await made.open();
  for (let seq = 1; seq <= count; seq += 500) await made.append(records(seq, Math.min(seq + 499, count)));
  if (count > 0) await made.saveSnapshots([{ ...snapshot('path/00001/1', count), pending: [] }]);
  return made;
}

const closed = async (count: number) => (await journal(count)).close();

async function flip(text: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.indexOf(text) + text.length - 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

async function zeroPageOf(text: string): Promise<void> {
  const bytes = await readFile(file);
  const page = Math.floor(bytes.indexOf(text) / 4096) * 4096;
  await writeFile(file, bytes.fill(0, page, page + 4096));
}

describe('journal info', () => {
  test('says what the file holds, for people and for programs', async () => {
    await closed(300);
    const { code, out } = await it.pathwarden(`journal info ${file}`);
    expect(code).toBe(0);
    expect(out).toMatch(/node: +gw1\nrecords: +300 \(#1 to #300\)/);
    const json = JSON.parse((await it.pathwarden(`journal info ${file} --json`)).out) as object;
    expect(json).toMatchObject({ ok: true, node: 'gw1', records: 300, firstSeq: 1, lastSeq: 300, actors: 1 });
  });

  test('works while a daemon writes, and leaves no trace beside a file at rest', async () => {
    const open = await journal(10);
    const during = await it.pathwarden(`journal info ${file} --json --check`);
    expect(JSON.parse(during.out)).toMatchObject({ ok: true, records: 10, findings: [] });
    await open.append([record(11)]);
    await open.close();
    await it.pathwarden(`journal info ${file} --check`);
    expect(await stat(`${file}-wal`).catch(() => null)).toBeNull();
  });

  test('finds a flipped bit anywhere with --check', async () => {
    await closed(300);
    await flip('"epoch":77');
    expect((await it.pathwarden(`journal info ${file}`)).code).toBe(0);
    const { code, out } = await it.pathwarden(`journal info ${file} --check --json`);
    expect([code, JSON.parse(out)]).toMatchObject([13, { ok: false, error: { code: 'JOURNAL_DAMAGED' } }]);
    expect(out).toContain('record 77: it is not what was written');
  });

  test('names a file that is not there, not a journal, or too new', async () => {
    expect((await it.pathwarden(`journal info ${file}`)).code).toBe(4);
    await writeFile(file, 'something else, '.repeat(500));
    expect((await it.pathwarden(`journal info ${file}`)).code).toBe(13);
    await rm(file);
    using database = new DatabaseSync(file);
    database.exec('CREATE TABLE records (seq); PRAGMA user_version = 99');
    expect((await it.pathwarden(`journal info ${file}`)).code).toBe(17);
  });
});

describe('journal export', () => {
  test('takes along the earlier snapshots that are kept, and a reader of either file has them', async () => {
    const open = await journal(10);
    await open.append(records(11, 20));
    await open.saveSnapshots([{ ...snapshot('path/00001/1', 20), pending: [] }]);
    await open.close();
    const output = join(dirname(file), 'journal.ndjson');
    expect((await it.pathwarden(`journal export ${file} --output ${output}`)).code).toBe(0);
    for (const name of [file, output]) {
      const reader = readJournal(name);
      expect([reader.earlier(), reader.snapshots()].map((each) => each.map(({ seq }) => seq))).toEqual([[10], [20]]);
      reader.close();
    }
  });

  const linesOf = (text: string) => text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

  test('prints a head, the snapshots and every record', async () => {
    await closed(1_200);
    const { code, out } = await it.pathwarden(`journal export ${file}`);
    const [head, first, ...rest] = linesOf(out.replaceAll('\n\n', '\n'));
    expect(code).toBe(0);
    expect(head).toMatchObject({ kind: 'head', format: 'pathwarden-journal', version: 1, node: 'gw1', records: 1_200 });
    expect(first).toMatchObject({ kind: 'snapshot', actor: 'path/00001/1', seq: 1_200 });
    expect(rest).toHaveLength(1_200);
    expect(rest[76]).toEqual({ kind: 'record', ...record(77) });
  });

  test('writes to a file, and says so', async () => {
    const open = await journal(3);
    const output = `${file}.ndjson`;
    const { out } = await it.pathwarden(`journal export ${file} --output ${output} --json`);
    await open.close();
    expect(JSON.parse(out)).toEqual({ ok: true, output, records: 3 });
    expect(linesOf(await readFile(output, 'utf8'))).toHaveLength(5);
  });

  test('of a damaged journal gives what can be read, and names what cannot', async () => {
    await closed(600);
    await flip('"epoch":77');
    await zeroPageOf('"epoch":300,');
    const { code, out, errors } = await it.pathwarden(`journal export ${file}`);
    const seqs = linesOf(out.replaceAll('\n\n', '\n')).flatMap(({ kind, seq }) => (kind === 'record' ? [seq] : []));
    expect(code).toBe(13);
    expect(errors).toContain('#77: it is not what was written');
    expect(seqs).not.toContain(300);
    expect(seqs).toContain(600);
    expect(seqs.length).toBeGreaterThan(570);
  });
});

describe('journal compact', () => {
  test('without a daemon removes old records, and the file gets smaller', async () => {
    await closed(3_000);
    const before = (await stat(file)).size;
    const { code, out } = await it.pathwarden(`journal compact ${file} --keep-days 0 --json`);
    expect([code, JSON.parse(out)]).toMatchObject([0, { ok: true, by: 'file', removed: 2_999, heldAt: null }]);
    expect((await stat(file)).size).toBeLessThan(before / 4);
    expect((await it.pathwarden(`journal info ${file} --check`)).out).toMatch(/node: +gw1/);
  });

  test('keeps what a restart needs, and says so', async () => {
    const open = await journal(10);
    await open.append([record(11, 'disk/00001'), record(12), record(13)]);
    await open.close();
    const { out } = await it.pathwarden(`journal compact ${file} --max-megabytes 0`);
    expect(out).toMatch(/^10 records removed; .*\nRecord #11 and what follows stay: a restart needs them\.$/);
  });

  test('asks the daemon that has the file', async () => {
    const open = await journal(10);
    it.agent.answers.set('/v1/journal', { status: 200, body: { location: file } });
    it.agent.onPost = () => ({ status: 200, body: { removed: 7, heldAt: null, usedBytes: 40_960 } });
    const { code, out } = await it.pathwarden(`journal compact ${file} --keep-days 7 --json`);
    await open.close();
    expect([code, JSON.parse(out)]).toEqual([
      0, { ok: true, file, by: 'daemon', removed: 7, heldAt: null, usedBytes: 40_960 },
    ]);
    expect(it.agent.posted).toMatchObject([{ actor: '/v1/journal/compact', event: { by: 'alice', keepDays: 7 } }]);
  });

  test('refuses when another process has the file', async () => {
    const open = await journal(10);
    it.agent.answers.set('/v1/journal', { status: 200, body: { location: '/elsewhere' } });
    expect((await it.pathwarden(`journal compact ${file}`)).code).toBe(12);
    await open.close();
  });

  test('leaves a damaged journal alone', async () => {
    await writeFile(file, 'something else, '.repeat(500));
    expect((await it.pathwarden(`journal compact ${file}`)).code).toBe(13);
    expect(await readFile(file, 'utf8')).toContain('something else');
  });
});
