import { expect, test } from 'vitest';
import { type Findings, lineOf, verdictsOf } from '../vm/verdicts.ts';
import { countsOfMachines } from './counts.ts';

const found = (findings: Partial<Findings>): Findings => ({ metrics: {}, failures: [], passed: [], ...findings });
const curve = { addGrowth: 1, takeOverGrowth: 1, closeGrowth: 1, removeGrowth: 1 };
const said = (part: string, findings: Findings, isPartial = false): string[] =>
  verdictsOf(part, findings, isPartial).map((verdict) => lineOf(part, verdict));

test('each figure that a part is judged by is a verdict', () => {
  expect(said('curve', found({ metrics: { ...curve, list8DisksMs: 500 } }))).toEqual([
    '✓ curve: addGrowth is 1', '✓ curve: takeOverGrowth is 1',
    '✓ curve: closeGrowth is 1', '✓ curve: removeGrowth is 1',
  ]);
});

test('a figure beyond its bar fails, and fails once', () => {
  const failures = ['addGrowth is 3, more than 2'];
  const lines = said('curve', found({ metrics: { ...curve, addGrowth: 3 }, failures }));
  expect(lines.filter((line) => line.includes('addGrowth'))).toEqual(['✗ curve: addGrowth is 3, more than 2']);
});

test('a figure that is not there fails, unless the part was told to try less', () => {
  expect(said('curve', found({ metrics: { takeOverGrowth: 1 } }))).toContain('✗ curve: addGrowth was not measured');
  expect(said('tests', found({ passed: ['one'], metrics: { testsPassed: 1 } }), true)).toEqual([
    '✓ tests: one', '✓ tests: testsPassed is 1',
  ]);
});

test('a part that leaves nothing fails', () => {
  const lines = said('targetcli', found({ failures: ['no result was left'] }));
  expect(lines.every((line) => line.startsWith('✗ targetcli: '))).toBe(true);
});

test('every verdict is counted, however many lines it has', () => {
  const failures = ['three: no\nat some place\n✓ as it says'];
  const findings = found({ passed: ['one: with a colon', 'two'], failures });
  const counts = countsOfMachines(said('machine', findings).join('\n'), 1);
  expect(counts).toEqual({ passed: 2, failed: ['machine: three: no'], skipped: [] });
});
