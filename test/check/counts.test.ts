import { expect, test } from 'vitest';
import { countsOfCrashes, countsOfExit, countsOfLab, countsOfVitest, sumOf } from './counts.ts';

const file = (status: string, ...tests: readonly string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});
const report = (...testResults: readonly ReturnType<typeof file>[]) => JSON.stringify({ testResults });

test('tests are counted as vitest reports them', () => {
  const json = report(file('failed', 'passed', 'failed', 'skipped'), file('passed', 'passed', 'todo'));
  expect(countsOfVitest(json, 1)).toEqual({ passed: 2, failed: ['test 1'], skipped: ['test 2', 'test 1'] });
});

test('a test file that could not be loaded is a failure', () => {
  const json = report(file('failed'), file('passed', 'passed'));
  expect(countsOfVitest(json, 1)).toMatchObject({ passed: 1, failed: ['a.test.ts'] });
});

test('an error outside of any test is a failure, and so is no report', () => {
  expect(countsOfVitest(report(file('passed', 'passed')), 1).failed).toHaveLength(1);
  expect(countsOfVitest('', 0).failed).toHaveLength(1);
});

test('the lab counts one for each scenario', () => {
  const said = 'settled: 12 paths\n✓ release: an operator moves paths (3 s)\n✗ kill-host: a host dies (9 s)\n';
  expect(countsOfLab(said, 1)).toEqual({ passed: 1, failed: ['kill-host'], skipped: [] });
});

test('a lab that failed beside its scenarios counts one failure more', () => {
  const said = '✓ release: an operator moves paths (3 s)\n';
  expect(countsOfLab(said, 1)).toMatchObject({ passed: 1, failed: [expect.anything()] });
  expect(countsOfLab('', 1).failed).toHaveLength(1);
});

test('the crash harness counts one for each point', () => {
  const said = '✓ append: not durable: 40 of 40\n✗ lock.release: not done: 39 of 40\n  leave, ended at it: n1 waits\n';
  expect(countsOfCrashes(said, 1)).toEqual({ passed: 1, failed: ['lock.release: not done'], skipped: [] });
  expect(countsOfCrashes('', 1).failed).toHaveLength(1);
});

test('other steps count one each, and counts add up', () => {
  const counts = sumOf([countsOfExit('types', 0), countsOfExit('lint', 2), countsOfExit('build', null)]);
  expect(counts).toEqual({ passed: 1, failed: ['lint', 'build: not done in time'], skipped: [] });
});
