import { type ChildProcess, spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { endOf } from '../vm/machine.ts';

const anHourMs = 3_600_000;

/** Stands for an emulator: it ends when it is made to. */
function emulator(): ChildProcess {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a machine ends when the run is interrupted', async () => {
  const interruption = new AbortController();
  const child = emulator();
  const end = endOf(child, { limitMs: anHourMs, interrupted: interruption.signal });
  interruption.abort();
  expect([await end, child.signalCode]).toEqual([false, 'SIGKILL']);
});

test('a machine that was started as the run was interrupted ends at once', async () => {
  const child = emulator();
  await endOf(child, { limitMs: anHourMs, interrupted: AbortSignal.abort() });
  expect(child.signalCode).toBe('SIGKILL');
});

test('a machine whose time is over ends, and was late', async () => {
  const child = emulator();
  expect(await endOf(child, { limitMs: 1, interrupted: new AbortController().signal })).toBe(true);
  expect(child.signalCode).toBe('SIGKILL');
});

test('a machine that could not be started is an error', async () => {
  const child = spawn('/nowhere/emulator', { stdio: 'ignore' });
  const end = endOf(child, { limitMs: anHourMs, interrupted: new AbortController().signal });
  await expect(end).rejects.toThrow('ENOENT');
});
