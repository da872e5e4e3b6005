import { afterEach, describe, expect, test } from 'vitest';
import { type Launcher, startLauncher } from '../../adapters/launcher/launcher.ts';
import { createRunner, type Run, type RunRecord } from '../../adapters/run.ts';

const patience = { deadlineMs: 10_000 };
let launcher: Launcher | undefined;
afterEach(() => launcher?.close());

const start = (program?: string): Run => {
  launcher = startLauncher(program);
  return createRunner({ execute: launcher.run });
};

/** The process that starts the programs, as a program sees it. */
async function starter(run: Run): Promise<number> {
  const result = await run([process.execPath, '-p', 'process.ppid'], patience);
  return result.kind === 'exited' ? Number(result.stdout) : Number.NaN;
}

describe('a launcher', () => {
  test('runs programs from a process of its own, many at a time, and gives what they gave', async () => {
    const run = start();
    const numbers = Array.from({ length: 20 }, (_, index) => String(index));
    const results = await Promise.all(numbers.map((number) => run(['echo', number], patience)));
    expect(results).toMatchObject(numbers.map((stdout) => ({ kind: 'exited', code: 0, stdout })));
    expect(await starter(run)).not.toBe(process.pid);
    expect(await run(['cat'], { ...patience, input: 'one\n' })).toMatchObject({ stdout: 'one' });
    expect(await run(['no-such-program'], patience)).toMatchObject({ kind: 'missing', program: 'no-such-program' });
    expect(await run(['ls', '/no-such-place'], patience)).toMatchObject({ kind: 'exited', code: 2 });
  });

  test('keeps deadlines, calls off, and hides secrets', async () => {
    const records: RunRecord[] = [];
    launcher = startLauncher();
    const run = createRunner({ execute: launcher.run, record: (record) => records.push(record) });
    expect(await run(['sleep', '60'], { deadlineMs: 30 })).toMatchObject({ kind: 'unknown' });
    expect(await run(['true'], { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
    const caller = new AbortController();
    const result = run(['sleep', '60'], { ...patience, signal: caller.signal });
    caller.abort();
    expect(await result).toMatchObject({ kind: 'unknown', reason: 'called off' });
    const secret = await run(['echo', 'correcthorse1'], { ...patience, secrets: ['correcthorse1'] });
    expect(secret).toMatchObject({ command: 'echo ***', stdout: '***' });
    expect(JSON.stringify(records)).not.toContain('correcthorse1');
  });

  test('goes on when its process is told to stop', async () => {
    const run = start();
    const pid = await starter(run);
    process.kill(pid, 'SIGTERM');
    expect(await starter(run)).toBe(pid);
  });

  test('leaves unknown what ran when its process was killed, and has another for the next', async () => {
    const run = start();
    const pid = await starter(run);
    const result = run(['sleep', '60'], patience);
    process.kill(pid, 'SIGKILL');
    expect(await result).toMatchObject({ kind: 'unknown', reason: 'the process that ran it has ended' });
    expect(await run(['echo', 'again'], patience)).toMatchObject({ stdout: 'again' });
  });

  test('whose process hangs answers by the deadline, and has another afterwards', async () => {
    const run = start();
    const pid = await starter(run);
    process.kill(pid, 'SIGSTOP');
    expect(await run(['true'], { deadlineMs: 30 })).toMatchObject({ kind: 'unknown' });
    let now = pid;
    while (now === pid || Number.isNaN(now)) now = await starter(run);
    expect(await run(['echo', 'again'], patience)).toMatchObject({ stdout: 'again' });
  });

  test('whose process cannot run at all leaves the work to this one', async () => {
    const run = start('/no-such-program.js');
    expect(await run(['true'], patience)).toMatchObject({ kind: 'unknown' });
    expect(await starter(run)).toBe(process.pid);
  });
});
