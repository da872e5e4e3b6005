import { expect, test } from 'vitest';
import type { IntentSpec } from '../../machines/intent.ts';
import { machines } from '../../machines/index.ts';
import { filesUnder } from '../tidy/tree.ts';

const records = filesUnder('docs/decisions', ['.md']).filter(({ path }) => !path.endsWith('README.md'));
const lanes = records.find(({ path }) => path.endsWith('0002-lanes.md'))?.text ?? '';

function whatBecomesOf({ answer, lane, abortable }: IntentSpec): string {
  if (answer.by === 'nobody') return 'told';
  if (lane === null) return 'awaited';
  return abortable ? 'cancelled' : 'superseded';
}

test('decision 0002 says of every intent what becomes of it when its state is left', () => {
  const decided = [...lanes.matchAll(/^\| `([\w.]+)` \| (\w+) \|/gm)].map(([, type, what]) => `${type} ${what}`);
  const tables = Object.values(machines).flatMap(({ intents }) => Object.entries(intents));
  const intents = new Set(tables.map(([type, spec]) => `${type} ${whatBecomesOf(spec)}`));
  expect(decided.sort()).toEqual([...intents].sort());
});

test('decisions are numbered without gaps, and each says why, what, and what follows', () => {
  const numbers = records.map(({ path }) => Number(/(\d{4})-/.exec(path)?.[1]));
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
  const parts = ['**Why.**', '**Decision.**', '**What follows.**'];
  expect(records.filter(({ text }) => !parts.every((part) => text.includes(part))).map(({ path }) => path)).toEqual([]);
});
