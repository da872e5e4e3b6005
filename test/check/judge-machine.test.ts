import { expect, test } from 'vitest';
import { emptyReport } from '../lab/report.ts';
import { judgeMachine, takeResult } from '../vm/judge-machine.ts';
import type { Ended } from '../vm/machine.ts';
import type { Found } from '../vm/run-vitest.ts';

const nothing = (): Found => ({ ...emptyReport(), passed: [] });
const machine = (some: Partial<Ended>): Ended => ({
  result: null, exitCode: 0, kernelLog: '[    0.1] Linux', wasLate: false, ...some,
});
const judged = (some: Partial<Ended>, wasSwitchedOff = false): Found => {
  const found = nothing();
  judgeMachine(found, 'n1', machine(some), wasSwitchedOff);
  return found;
};

test('the kernel of each machine is a verdict of its own', () => {
  expect(judged({})).toMatchObject({ passed: ['the kernel of n1 is well'], failures: [] });
});

test('what a kernel complains of is a failure, once for each line', () => {
  const lines = ['[ 3.1] WARNING: CPU: 0', '[ 3.2] WARNING: CPU: 0', '[ 9.0] iscsi_np blocked for more than 120 s'];
  expect(judged({ kernelLog: lines.join('\n') })).toMatchObject({
    passed: [],
    failures: [
      'the kernel of n1 said: WARNING: CPU: 0', 'the kernel of n1 said: blocked for more than 120 s',
    ],
  });
});

test('a machine that ended before its program, or whose program failed, is a failure', () => {
  expect(judged({ exitCode: null }).failures).toEqual(['the machine of n1 ended before its program']);
  expect(judged({ exitCode: 1 }).failures).toEqual(['the program of n1 ended with 1']);
});

test('a machine that was switched off needs no end of its program, but a kernel that is well', () => {
  expect(judged({ exitCode: null }, true)).toMatchObject({ passed: ['the kernel of n1 is well'], failures: [] });
  expect(judged({ exitCode: null, kernelLog: 'Oops: 0' }, true).failures).toEqual(['the kernel of n1 said: Oops: 0']);
});

test('a machine that took too long is one failure', () => {
  expect(judged({ exitCode: null, wasLate: true }).failures).toEqual(['the machine of n1 did not end in time']);
});

test('what was found out inside is taken over, and no result is a failure', () => {
  const found = nothing();
  takeResult(found, 'i', machine({ result: { metrics: { a: 1 }, failures: ['a is 1, more than 0'] } }));
  expect(found).toMatchObject({ metrics: { a: 1 }, failures: ['a is 1, more than 0'], passed: [] });
  takeResult(found, 'i', machine({}));
  expect(found.failures).toContain('the machine of i left no result');
});
