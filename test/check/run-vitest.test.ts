import { expect, test } from 'vitest';
import { emptyReport } from '../lab/report.ts';
import { type Found, judgeRun } from '../vm/run-vitest.ts';

const passed = { status: 'passed', fullName: 'lio opens' };
const failed = { status: 'failed', fullName: 'lio closes', failureMessages: ['expected 1 to be 0'] };

function judged(tests: readonly (typeof passed)[], code: number | null): Found {
  const found: Found = { ...emptyReport(), passed: [] };
  const testResults = [{ name: 'a.test.ts', assertionResults: tests }];
  const numPassedTests = tests.filter(({ status }) => status === 'passed').length;
  judgeRun(found, { numPassedTests, testResults }, { names: /lio/, figure: 'testsPassed' }, code);
  return found;
}

test('every test inside is a verdict by its name', () => {
  expect(judged([passed, failed], 1)).toMatchObject({
    passed: ['lio opens'], failures: ['lio closes: expected 1 to be 0'], metrics: { testsPassed: 1 },
  });
});

test('a test that was left out inside is a failure', () => {
  expect(judged([passed, { ...failed, status: 'skipped' }], 0).failures).toEqual(['lio closes: left out']);
});

test('an error outside of any test is a failure, and so is an end by a signal', () => {
  expect(judged([passed], 1).failures).toEqual(['vitest ended with 1, and no test failed']);
  expect(judged([passed], null).failures).toEqual(['vitest ended with null, and no test failed']);
  expect(judged([passed], 0).failures).toEqual([]);
});

test('a run without any test is a failure', () => {
  expect(judged([], 0).failures).toEqual(['testsPassed is 0, less than 1']);
});
