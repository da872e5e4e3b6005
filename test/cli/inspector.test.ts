// The command line against the real HTTP interface, so that both speak of the same things.
import { rm, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { harness, token } from '../http/harness.ts';
import { fakeTerminal } from './fake-terminal.ts';

async function inspected() {
  const { app, inspector } = harness();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const tokenFile = `/tmp/pathwarden-test-token-${String(process.pid)}-${new URL(url).port}`;
  await writeFile(tokenFile, token, { mode: 0o600 });
  onTestFinished(async () => {
    await app.close();
    await rm(tokenFile);
  });
  const pathwarden = async (line: string, terminal = fakeTerminal()) => {
    const env = { PATHWARDEN_URL: url, PATHWARDEN_TOKEN_FILE: tokenFile };
    const code = await run(line.split(' '), { ...terminal, env });
    return { code, out: terminal.out.join('\n'), errors: terminal.errors.join('\n') };
  };
  return { inspector, pathwarden };
}

test.each([
  'disk list',
  'disk show 00001',
  'path list',
  'path show 00001/1',
  'path explain 00001/1',
  'node list',
  'events --limit 5',
  'machine list',
  'machine show disk-path',
])('%s is answered, for people and for programs', async (line) => {
  const { pathwarden } = await inspected();
  const people = await pathwarden(line);
  expect(people).toMatchObject({ code: 0, errors: '' });
  expect(people.out).not.toMatch(/undefined|\[object|NaN/);
  const programs = await pathwarden(`${line} --json`);
  expect(JSON.parse(programs.out)).toMatchObject({ ok: true });
});

test('a change arrives with who, why and how long to wait', async () => {
  const { inspector, pathwarden } = await inspected();
  const { errors } = await pathwarden('node undrain n1 --reason tested');
  expect(errors).toBe('');
  expect(inspector.posted).toEqual([
    {
      id: 'node',
      event: { type: 'operator.undrain', node: 'n1' },
      operator: { by: 'alice', reason: 'tested' },
      waitMs: 30_000,
    },
  ]);
});

test('a disk made from options is one that the agent takes', async () => {
  const { inspector, pathwarden } = await inspected();
  const line = 'disk add d9 --file /srv/d9.img --path 10.0.1.9/24@eth1:7 --chap-user u --chap-secret-file /s --wait 0';
  expect(await pathwarden(line)).toMatchObject({ code: 0, errors: '' });
  expect(inspector.posted[0]).toMatchObject({ id: 'disk/d9', event: { type: 'operator.add' } });
});

test('mistakes that the agent finds are one line with exit code 2', async () => {
  const { pathwarden } = await inspected();
  const { code, errors } = await pathwarden('disk add d9 --memory --path 10.0.1.9/24@eth1 --wwn 12 --wait 0');
  expect(code).toBe(2);
  expect(errors).toMatch(/^pathwarden: .*spec\.wwn[^\n]*$/);
});

test('--follow prints what is committed while it looks', async () => {
  const { inspector, pathwarden } = await inspected();
  const terminal = fakeTerminal();
  const before = inspector.records.length;
  terminal.onPrint = (out) => {
    if (out.length === before) inspector.change('00001', 1, { epoch: 9 }, 'lock.lost');
    if (out.at(-1)?.includes('lock.lost') === true) terminal.end();
  };
  const { code, out } = await pathwarden('events --follow --limit 1000', terminal);
  expect(code).toBe(0);
  expect(out.split('\n').at(-1)).toContain('path/00001/1  lock.lost');
});
