// What each machine is judged by, whatever it was for: how it ended, and what its kernel said.
import type { Ended } from './machine.ts';
import type { Found } from './run-vitest.ts';

/** What a kernel must not say. */
const mishap = /\b(?:BUG|Oops|WARNING|general protection fault|Kernel panic|blocked for more than|refcount_t)\b.*/;
const mishapsMax = 5;

type Verdict = Pick<Found, 'failures' | 'passed'>;

/** One that was switched off leaves no exit code of its program. */
export function judgeMachine(found: Verdict, name: string, ended: Ended, wasSwitchedOff = false): void {
  const failures = mishapsIn(ended.kernelLog).map((line) => `the kernel of ${name} said: ${line}`);
  const { exitCode, wasLate } = ended;
  if (wasLate) failures.push(`the machine of ${name} did not end in time`);
  else if (!wasSwitchedOff && exitCode === null) failures.push(`the machine of ${name} ended before its program`);
  else if (!wasSwitchedOff && exitCode !== 0) failures.push(`the program of ${name} ended with ${String(exitCode)}`);
  if (failures.length === 0) found.passed.push(`the kernel of ${name} is well`);
  found.failures.push(...failures);
}

/** What was found out inside. */
export function takeResult(found: Found, name: string, { result }: Ended): void {
  const inside = result as Partial<Found> | null;
  if (inside === null) found.failures.push(`the machine of ${name} left no result`);
  Object.assign(found.metrics, inside?.metrics);
  found.passed.push(...(inside?.passed ?? []));
  found.failures.push(...(inside?.failures ?? []));
}

/** The first lines of trouble, without their times, each once. */
function mishapsIn(kernelLog: string): string[] {
  const lines = kernelLog.split('\n').flatMap((line) => mishap.exec(line)?.[0] ?? []);
  return [...new Set(lines)].slice(0, mishapsMax);
}
