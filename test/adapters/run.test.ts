import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createRunner, describe as tell, failure, type RunRecord, shareDeadline } from '../../adapters/run.ts';

const patience = { deadlineMs: 10_000 };

describe('a program', () => {
  const run = createRunner();

  test('gives its exit code and output', async () => {
    expect(await run(['printf', '%s', 'a b'], patience)).toMatchObject({ kind: 'exited', code: 0, stdout: 'a b' });
    expect(await run(['ls', '/no-such-place'], patience)).toMatchObject({ kind: 'exited', code: 2, stdout: '' });
  });

  test('reads what it is given and nothing else', async () => {
    expect(await run(['cat'], { ...patience, input: 'one\n' })).toMatchObject({ stdout: 'one' });
    expect(await run(['cat'], patience)).toMatchObject({ kind: 'exited', stdout: '' });
  });

  test('never passes through a shell', async () => {
    expect(await run(['echo', '$HOME; id', '*', '`id`'], patience)).toMatchObject({ stdout: '$HOME; id * `id`' });
  });

  test('sees a fixed environment only', async () => {
    process.env['PATHWARDEN_TEST_SECRET'] = 'x';
    const seen = await run(['env'], patience);
    delete process.env['PATHWARDEN_TEST_SECRET'];
    expect(seen).toMatchObject({ stdout: expect.stringMatching(/^PATH=\/usr\/local\/sbin:.*\nLC_ALL=C$/) });
  });

  test('that is missing is refused with the package that has it', async () => {
    const result = await run(['no-such-program'], patience);
    expect(result).toMatchObject({ kind: 'missing', program: 'no-such-program' });
    expect(failure(result)).toMatchObject({ kind: 'refused', code: 'missing' });
    expect(tell({ kind: 'missing', program: 'tgtadm', command: 'tgtadm', durationMs: 0 })).toBe(
      'tgtadm is not installed (Debian package tgt)',
    );
  });

  test('that does not end is unknown at its deadline', async () => {
    const result = await run(['sleep', '60'], { deadlineMs: 30 });
    expect(result).toMatchObject({ kind: 'unknown', reason: 'no answer before its deadline' });
    expect(failure(result).kind).toBe('unknown');
  });

  test('that ignores its end does not keep the caller', async () => {
    const stubborn = [process.execPath, '-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"];
    expect(await run(stubborn, { deadlineMs: 300 })).toMatchObject({ kind: 'unknown' });
  });

  test('is called off by its signal', async () => {
    const caller = new AbortController();
    const result = run(['sleep', '60'], { ...patience, signal: caller.signal });
    caller.abort();
    expect(await result).toMatchObject({ kind: 'unknown', reason: 'called off' });
    expect(await run(['true'], { ...patience, signal: caller.signal })).toMatchObject({ kind: 'unknown' });
  });

  test('is not started without time', async () => {
    expect(await run(['true'], { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });

  test('that is killed by somebody else is unknown', async () => {
    const result = await run([process.execPath, '-e', "process.kill(process.pid, 'SIGKILL')"], patience);
    expect(result).toMatchObject({ kind: 'unknown', reason: 'ended by SIGKILL' });
  });

  test('that writes without end is stopped', async () => {
    expect(await run(['yes'], patience)).toMatchObject({ kind: 'unknown', reason: 'wrote too much output' });
  });

  test('can be interrupted to report early', async () => {
    const script = "process.on('SIGINT', () => { console.log('so far'); process.exit(3) }); setInterval(() => {}, 99)";
    const result = await run([process.execPath, '-e', script], { ...patience, interruptAfterMs: 500 });
    expect(result).toMatchObject({ kind: 'exited', code: 3, stdout: 'so far' });
  });
});

test('a command that runs does not end the process that is told to stop', async () => {
  const runner = JSON.stringify(new URL('../../adapters/run.ts', import.meta.url).href);
  const script = `
    import { createRunner } from ${runner};
    process.once('SIGTERM', () => process.stdout.write('told to stop\\n'));
    const running = createRunner()(['sleep', '1'], { deadlineMs: 10000 });
    process.stdout.write('running\\n');
    process.stdout.write((await running).kind + '\\n');`;
  const argv = ['--input-type=module', '-e', script];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (printed === '') child.kill('SIGTERM');
    printed += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, printed]).toEqual([0, 'running\ntold to stop\nexited\n']);
});

test('secrets show in nothing that is returned or recorded', async () => {
  const records: RunRecord[] = [];
  const run = createRunner({ record: (record) => records.push(record) });
  const secrets = ['correcthorse1'];
  const results = [
    await run(['echo', '--password', 'correcthorse1'], { ...patience, secrets }),
    await run(['ls', '/correcthorse1'], { ...patience, secrets }),
    await run(['no-such-program', 'correcthorse1'], { ...patience, secrets }),
    await run(['sleep', 'correcthorse1'], { deadlineMs: 0, secrets }),
  ];
  expect(JSON.stringify([results, results.map(tell), records])).not.toContain('correcthorse1');
  expect(results[0]).toMatchObject({ stdout: '--password ***', command: 'echo --password ***' });
});

test('every run is recorded with its exit code and duration', async () => {
  const records: RunRecord[] = [];
  const run = createRunner({ record: (record) => records.push(record), prefixArgv: ['env'] });
  await run(['false'], patience);
  await run(['sleep', '9'], { deadlineMs: 10 });
  expect(records).toMatchObject([
    { command: 'false', result: 'exited', code: 1, durationMs: expect.any(Number) },
    { command: 'sleep 9', result: 'unknown', code: null, durationMs: expect.any(Number) },
  ]);
});

test('a failure tells the command, its exit code and its duration', async () => {
  const result = await createRunner()(['ls', '/no-such-place'], patience);
  expect(failure(result).reason).toMatch(/^ls \/no-such-place: exit code 2 after \d+ ms: .*No such file/);
});

test('the commands of a verb share its deadline', async () => {
  const left = shareDeadline({ deadlineMs: 200 });
  await createRunner()(['sleep', '0.05'], left());
  expect(left().deadlineMs).toBeLessThan(200);
});
