// `pathwarden journal verify` on files as they are found.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { run } from '../../src/cli/run.ts';
import { fixtures, readFixture } from '../journals/read.ts';
import { fakeTerminal } from './fake-terminal.ts';

const fixture = (name: string): string => new URL(`../journals/${name}`, import.meta.url).pathname;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pathwarden-verify-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function verify(file: string): Promise<{ code: number; answer: Record<string, never>; said: string }> {
  const terminal = fakeTerminal();
  const code = await run(['journal', 'verify', file, '--json'], terminal);
  const said = terminal.out.join('\n');
  return { code, answer: JSON.parse(said) as Record<string, never>, said };
}

describe('journal verify', () => {
  it.each(fixtures.filter((name) => name.startsWith('0.')))('finds no difference in the export %s', async (name) => {
    const { code, answer } = await verify(fixture(name));
    const { length } = readFixture(name);
    const verdict = { compared: length, last: length, differences: [] };
    expect({ code, answer }).toMatchObject({ code: 0, answer: { ok: true, verdict } });
  });

  it('reads a journal that a daemon has open, and changes nothing of it', async () => {
    const file = join(directory, 'journal.sqlite');
    const journal = sqliteJournal({ file, node: 'n1' });
    await journal.open();
    const records = readFixture('0.1-trouble.ndjson');
    await journal.append(records);
    expect(await verify(file)).toMatchObject({ code: 0, answer: { verdict: { compared: records.length } } });
    await journal.close();
    const before = readFileSync(file);
    expect((await verify(file)).code).toBe(0);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('names the first difference of each actor and exits with the code of JOURNAL_DIVERGED', async () => {
    const file = join(directory, 'changed.ndjson');
    const lines = readFileSync(fixture('0.1-host-lost.ndjson'), 'utf8');
    writeFileSync(file, lines.replace('"value":{"mapped":"preparing"}', '"value":"enabled"'));
    const { code, answer } = await verify(file);
    expect({ code, answer }).toMatchObject({
      code: 14,
      answer: { ok: false, error: { code: 'JOURNAL_DIVERGED', facts: { differing: 1, differences: [
        { event: { type: 'lock.granted' }, what: 'the state differs', recorded: 'enabled',
          computed: { mapped: 'preparing' } },
      ] } } },
    });
  });

  it('says so when there is no such file, and when it is something else', async () => {
    const missing = await verify(join(directory, 'nothing'));
    expect(missing).toMatchObject({ code: 4, answer: { error: { code: 'NOT_FOUND' } } });
    const other = join(directory, 'other');
    writeFileSync(other, 'hello\n');
    expect(await verify(other)).toMatchObject({ code: 13, answer: { error: { code: 'JOURNAL_DAMAGED' } } });
  });
});
