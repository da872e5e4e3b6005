// Real runs of the program: what a shell and a script see.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { aCluster } from './fake-agent.ts';
import { bench } from './fake-terminal.ts';

const program = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;

const pathwarden = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  started(process.execPath, [program, ...args], env);

async function started(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, errors };
}

test('a read goes to stdout and ends with 0', async () => {
  const { agent, url } = await bench();
  agent.cluster = aCluster();
  const { code, out, errors } = await pathwarden(['disk', 'list', '--json', '--url', url]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(JSON.parse(out)).toMatchObject({ ok: true, disks: [{ disk: '00001' }] });
});

test('an agent that does not answer is exit code 3, one line, and no stack trace', async () => {
  const { agent, url } = await bench();
  await agent.stop();
  const { code, out, errors } = await pathwarden(['disk', 'list', '--url', url]);
  expect(code).toBe(3);
  expect(out).toBe('');
  expect(errors).toMatch(/^pathwarden: The agent at http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*\n$/);
  const debug = await pathwarden(['disk', 'list', '--url', url], { PATHWARDEN_DEBUG: '1' });
  expect(debug.errors).toContain('ECONNREFUSED');
});

test('config check says all mistakes and ends with 2', async () => {
  const directory = await mkdtemp('/tmp/pathwarden-check-');
  try {
    const file = `${directory}/pathwarden.yaml`;
    await writeFile(file, 'session:\n  ttlMs: 1\nhttp:\n  prot: 80\n');
    const wrong = await pathwarden(['config', 'check', file]);
    expect(wrong.code).toBe(2);
    expect(wrong.errors).toContain(`${file} has 2 mistakes`);
    expect(wrong.errors).toContain('line 2, session.ttlMs: it is 1; it must be a whole number from 10000 to 86400000');
    expect(wrong.errors).toContain('    example: ttlMs: 20000');
    expect(wrong.errors).toContain('line 4, http.prot: unknown key; did you mean port?');
    const agent = await pathwarden(['agent', '--config', file]);
    expect({ code: agent.code, errors: agent.errors }).toEqual({ code: 2, errors: wrong.errors });
    await writeFile(file, 'http:\n  host: 0.0.0.0\n');
    const right = await pathwarden(['config', 'check', file]);
    expect(right.code).toBe(0);
    expect(right.out).toContain('note: http.host is 0.0.0.0');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('mistakes come as JSON when asked for', async () => {
  const { code, out } = await pathwarden(['config', 'check', '/nonexistent', '--json']);
  expect(code).toBe(2);
  const error = { code: 'CONFIG_INVALID', facts: { file: '/nonexistent' } };
  expect(JSON.parse(out)).toMatchObject({ ok: false, error });
});

test('an unknown command is exit code 2 with the one that was meant', async () => {
  expect(await pathwarden(['dsk', 'list'])).toEqual({
    code: 2,
    out: '',
    errors: "pathwarden: unknown command 'dsk' (Did you mean disk?)\n",
  });
});

test('version is that of the package', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  expect((await pathwarden(['version'])).out).toContain(`pathwarden ${manifest.version} (Node.js v`);
});

test('ctrl-c ends a watch with 0', async () => {
  const { agent, url } = await bench();
  agent.cluster = aCluster();
  const args = [program, 'path', 'list', '--watch', '--url', url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.kill('SIGINT'));
  expect(await once(child, 'close')).toEqual([0, null]);
});

test('the first line of the program, which an installed command runs by, has options that Node knows', async () => {
  const [first = ''] = (await readFile(program, 'utf8')).split('\n');
  const [, options = ''] = /^#!\/usr\/bin\/env -S (node --max-semi-space-size=.+)$/.exec(first) ?? [];
  // As Linux does it: everything after the interpreter is one argument.
  const { code, out, errors } = await started('/usr/bin/env', [`-S ${options}`, program, 'version', '--json'], {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(JSON.parse(out)).toMatchObject({ ok: true });
});
