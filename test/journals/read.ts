import { readdirSync, readFileSync } from 'node:fs';
import type { JournalRecord } from '../../src/ports/journal.ts';

export const fixtures = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.ndjson'));

export const readFixture = (name: string): readonly JournalRecord[] =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalRecord);
