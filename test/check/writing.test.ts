import { expect, test } from 'vitest';
import { now } from '../lab/clock.ts';
import type { PathFigures } from '../lab/initiator.ts';
import { emptyReport } from '../lab/report.ts';
import { finish, goesOn, seen } from '../vm/writing.ts';
import { lineOf, verdictsOf } from '../vm/verdicts.ts';

const figures = (some: Partial<PathFigures>): PathFigures => ({
  path: '1/0', writes: 0, failed: 0, latenciesMs: [], issuedAt: [], misreads: [], reads: 0, logins: 0, ...some,
});
const writers = (ofAll: () => readonly PathFigures[], problems: readonly string[] = []) => ({
  figures: async () => [...ofAll()],
  stop: async () => {},
  finish: async () => [...problems],
});

test('the longest write of a disk ends when it was answered', async () => {
  const from = now();
  const other = figures({ path: '2/0', latenciesMs: [900], issuedAt: [from] });
  const one = figures({ latenciesMs: [10, 300, 20], issuedAt: [from + 5, from + 20, from + 330] });
  const { longestEndedAt, longestMs } = await seen(writers(() => [other, one]), '1', from);
  expect([longestMs, longestEndedAt - from]).toEqual([300, 320]);
});

test('a write that was under way before counts from the start of the window, to its end', async () => {
  const from = now();
  const one = figures({ latenciesMs: [300], issuedAt: [from - 40] });
  const { longestEndedAt } = await seen(writers(() => [one]), '1', from);
  expect(longestEndedAt).toBe(from + 300);
});

test('writers go on when each of that disk has written some times, and where nobody writes nobody does', async () => {
  const wrote = (path: string, writes: number) => figures({ path, writes });
  const goes = (...some: readonly PathFigures[]) => goesOn(writers(() => some), '1', 0);
  expect(await goes(wrote('1/0', 3), wrote('1/1', 3), wrote('2/0', 0))).toBe(true);
  expect(await goes(wrote('1/0', 3), wrote('1/1', 2))).toBe(false);
  expect(await goes(wrote('2/0', 9))).toBe(false);
});

test('a write that failed as the writers were ended is counted', async () => {
  let failed = 0;
  const report = emptyReport();
  const failsLate = { ...writers(() => [figures({ writes: 7, failed })]), stop: async () => void (failed = 1) };
  await finish(failsLate, report, {}, 'takeover');
  expect(report.metrics).toMatchObject({ takeoverWrites: 7, takeoverFailedWrites: 1, takeoverLostOrMisread: 0 });
});

test('what failed and what was lost is one verdict each, beside each thing that was lost', async () => {
  const report = emptyReport();
  await finish(writers(() => [figures({ failed: 3 })], ['slot 1: holds write 0']), report, {}, 'multipath');
  const lines = verdictsOf('multipath', { ...report, passed: [] }).map((verdict) => lineOf('multipath', verdict));
  expect(lines.filter((line) => /FailedWrites|LostOrMisread|slot/.test(line))).toEqual([
    '✗ multipath: multipathFailedWrites is 3, more than 0',
    '✗ multipath: multipathLostOrMisread is 1, more than 0',
    '✗ multipath: slot 1: holds write 0',
  ]);
});
