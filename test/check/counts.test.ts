import { expect, test } from 'vitest';
import { countsOfCrashes, countsOfExit, countsOfLab, countsOfMachines, countsOfVitest, sumOf } from './counts.ts';

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

test('the lab is asked why a scenario failed', () => {
  const said = '✗ drain: a node is drained (9 s)\n    drainGapP50Ms is 310, more than 300\n✓ release: paths (3 s)\n';
  expect(countsOfLab(said, 1).failed).toEqual(['drain: drainGapP50Ms is 310, more than 300']);
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

test('the virtual machine counts one for each thing that it tried, by its name', () => {
  const said = [
    '  41.2 s   ✓ test/contract/dataplane/lvm.test.ts > printed inside, while it runs',
    '✓ tests: the lio target refuses a name that is none',
    '✗ tests: the lio target removes the target: expected 1 to be 0',
    '✓ curve: addGrowth is 0.6',
  ];
  const failed = ['tests: the lio target removes the target: expected 1 to be 0'];
  expect(countsOfMachines(said.join('\n'), 1)).toEqual({ passed: 2, failed, skipped: [] });
});

test('a virtual machine that tried nothing, or failed by no name, is a failure', () => {
  expect(countsOfMachines('', 0).failed).toHaveLength(1);
  expect(countsOfMachines('✓ curve: addGrowth is 0.6', 1)).toMatchObject({ passed: 1, failed: [expect.anything()] });
  expect(countsOfMachines('✓ curve: addGrowth is 0.6', null).failed).toHaveLength(1);
});

test('a host without the programs of the virtual machine leaves it out', () => {
  expect(countsOfMachines('', 77)).toEqual({ passed: 0, failed: [], skipped: [expect.anything()] });
});

test('other steps count one each, and counts add up', () => {
  const counts = sumOf([countsOfExit('types', 0), countsOfExit('lint', 2), countsOfExit('build', null)]);
  expect(counts).toEqual({ passed: 1, failed: ['lint', 'build: not done in time'], skipped: [] });
});
