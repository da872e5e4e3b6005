// `pathwarden doctor` as people and programs see it.
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { reportText } from '../../src/cli/doctor-text.ts';
import { run } from '../../src/cli/run.ts';
import { keys } from '../../src/core/records.ts';
import { sayIn } from '../../src/doctor/finding.ts';
import { embeddedAgent, type TestAgent } from '../contract/consul/agents.ts';
import { fakeTerminal } from './fake-terminal.ts';

let folder = '';
let agent: TestAgent;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-doctor-'));
  await chmod(folder, 0o700);
  agent = await embeddedAgent();
});
afterAll(async () => {
  await agent?.stop();
  await rm(folder, { recursive: true });
});

async function doctor(config: string, ...more: string[]) {
  const file = join(folder, 'pathwarden.yaml');
  await writeFile(file, config);
  const terminal = fakeTerminal();
  const code = await run(['doctor', '--config', file, ...more], terminal);
  return { code, out: terminal.out.join('\n'), errors: terminal.errors };
}

const right = (more: object = {}): string => stringify({
  node: { name: 'gw1', stateDir: join(folder, 'state') },
  dataPlane: { kind: 'memory' },
  consul: { url: agent.url },
  ...more,
});

describe('the command', () => {
  test('ends with 0 when nothing fails, and has made nothing', async () => {
    const { code, out, errors } = await doctor(right());
    expect(out).toMatch(/✓ agent +[\d.]+, http:\/\/127/);
    expect(out).toMatch(/✓ writes keys +below pathwarden\//);
    expect(out).toMatch(/\n\ngw1: \d+ right/);
    expect(out).not.toContain('✗');
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(await readdir(folder)).toEqual(['pathwarden.yaml']);
  });

  test('ends with 20 when something fails, and says all the rest as well', async () => {
    const { code, out } = await doctor(right({ consul: { url: 'http://127.0.0.1:1' } }));
    expect(code).toBe(20);
    expect(out).toMatch(/✗ agent .*ECONNREFUSED\n +fix: systemctl start consul/);
    expect(out).toMatch(/✓ Node\.js/);
  });

  test('says each mistake of the configuration, and looks at the rest by what is right in it', async () => {
    const { code, out } = await doctor(right({ sesion: {}, log: { level: 'loud' } }));
    expect(code).toBe(20);
    expect(out).toMatch(/✗ sesion +line \d+: unknown key; did you mean session\?\n/);
    expect(out).toMatch(/✗ log\.level +line \d+: it is "loud"; .*\n +fix: level: info\n/);
    expect(out).toMatch(/✓ agent/);
    expect(out).not.toContain('tgtd');
  });

  test('goes on by defaults without a file', async () => {
    const terminal = fakeTerminal();
    expect(await run(['doctor', '--config', join(folder, 'none.yaml')], terminal)).toBe(20);
    expect(terminal.out[0]).toMatch(/✗ file +\/.*none\.yaml is not there; the rest is by defaults\n +fix: /);
    expect(terminal.out[0]).toMatch(/tgtd/);
  });

  test('does not take a file that cannot be read for one that is not there', async () => {
    const terminal = fakeTerminal();
    expect(await run(['doctor', '--config', folder], terminal)).toBe(20);
    expect(terminal.out[0]).toMatch(/✗ file +\/.* cannot be read \(EISDIR\); the rest is by .*\n +fix: ls -ld \//);
  });

  test('asks for the right to write each kind of key that there is', async () => {
    let asked = '';
    const server = createServer((request, response) => {
      request.on('data', (bytes: Buffer) => (asked += bytes.toString())).on('end', () => response.end('{}'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await doctor(right({ consul: { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` } }));
    server.close();
    const makers: readonly ((name: string, index: number) => string)[] = Object.values(keys);
    const kinds = makers.map((make) => make('doctor', 1).split('/')[0] ?? '');
    for (const kind of kinds) expect(asked).toContain(`"set","Key":"pathwarden/${kind}/doctor`);
  });

  test('gives programs one object', async () => {
    const fine = JSON.parse((await doctor(right(), '--json')).out) as object;
    expect(fine).toMatchObject({ ok: true, node: 'gw1', counts: { failure: 0 } });
    const wrong = JSON.parse((await doctor(right({ consul: { url: 'http://127.0.0.1:1' } }), '--json')).out) as object;
    expect(wrong).toMatchObject({
      ok: false,
      error: { code: 'HOST_UNFIT' },
      counts: { failure: 1 },
      findings: expect.arrayContaining([
        { area: 'consul', level: 'failure', what: 'agent', found: expect.any(String), fix: expect.any(String) },
      ]) as unknown,
    });
  });
});

describe('the text', () => {
  const [one, two] = [sayIn('one'), sayIn('two')];
  const findings = [
    one.ok('short', 'is well'), one.warning('something long', 'could be better', 'first\nsecond'),
    two.failure('third', 'is missing', 'apt-get install third'), two.unknown('fourth', 'only root sees it'),
  ];

  test('is aligned, and can be read without colour', () => {
    expect(reportText('gw1', findings, false)).toBe(`one
  ✓ short           is well
  ! something long  could be better
      fix: first
           second

two
  ✗ third           is missing
      fix: apt-get install third
  ? fourth          only root sees it

gw1: 1 right, 1 to know, 1 to put right, 1 not seen`);
  });

  test('has colour only where it is asked for', () => {
    const escape = String.fromCodePoint(27);
    expect(reportText('gw1', findings, true)).toContain(`${escape}[31m✗${escape}[39m third`);
    expect(reportText('gw1', findings, false)).not.toContain(escape);
  });
});
