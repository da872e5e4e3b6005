// The doctor looks at every secret there is, and says none: right or wrong, to people and to programs.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { cephLook } from '../../adapters/fence/ceph-look.ts';
import { run } from '../../src/cli/run.ts';
import { recordingRunner } from '../adapters/recording-runner.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';
import { disk } from '../doctor/given.ts';
import { canaries, Sweep } from './canaries.ts';
import { misplaced } from './misplaced.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'pathwarden-doctor-secrets-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const file = (name: string, text: string, mode = 0o644): string => {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), mode);
    return join(directory, name);
  };
  return { directory, file };
}

/** Answers every request like this. */
async function consul(answer: (token: string, path: string) => { readonly status: number; readonly body: string }) {
  const server = createServer((request, response) => {
    const { status, body } = answer(String(request.headers['x-consul-token']), request.url ?? '');
    response.setHeader('content-type', status === 200 ? 'application/json' : 'text/plain');
    response.statusCode = status;
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** What the doctor says, in both forms. */
async function sweepDoctor(file: string): Promise<{ readonly sweep: Sweep; readonly text: string }> {
  const sweep = new Sweep();
  const text: string[] = [];
  for (const args of [['doctor', '--config', file], ['doctor', '--config', file, '--json']]) {
    const terminal = fakeTerminal();
    await run(args, terminal);
    text.push(...terminal.out);
    sweep.add(args.includes('--json') ? 'json' : 'text', [...terminal.out, ...terminal.errors].join('\n'));
  }
  return { sweep, text: text.join('\n') };
}

const secretFiles = ({ file }: ReturnType<typeof place>, mode: number) => ({
  token: file('token', `${canaries.consulToken}\n`, mode),
  operator: file('operator', `${canaries.operatorToken}\n`, mode),
  peers: file('peers', canaries.peersKey, mode),
  previous: file('previous', canaries.previousPeersKey, mode),
  fence: file('fence', canaries.fencePassword, mode),
  chap: file('chap', canaries.chap, mode),
});

const patient = { timeout: 30_000 };
test.each([0o600, 0o644])('files with secrets of mode %i are named and not quoted', patient, async (mode) => {
  const here = place();
  const files = secretFiles(here, mode);
  const chap = { user: 'alice', secretFile: files.chap };
  const value = JSON.stringify(disk('00001', { access: { initiators: [], chap } }));
  const row = { Key: 'pathwarden/disks/00001', Value: Buffer.from(value).toString('base64'), Flags: 0, LockIndex: 0,
    CreateIndex: 1, ModifyIndex: 1 };
  const url = await consul((token, path) =>
    path.startsWith('/v1/kv/')
      ? { status: 200, body: JSON.stringify([row]) }
      : { status: 403, body: `Permission denied: token ${token} lacks permission on "${token}"` },
  );
  const config = {
    node: { name: 'gw1', stateDir: here.directory },
    consul: { url, tokenFile: files.token },
    peers: { listen: '127.0.0.1:7481', keyFile: files.peers, previousKeyFile: files.previous },
    http: { operatorTokenFile: files.operator },
    exclusion: { methods: [
      {
        method: 'fenceAgent', agent: 'fence_dummy', parameters: { plug: '{node}' },
        secretFiles: { password: files.fence },
      },
      { method: 'command', argv: ['/bin/false', canaries.fenceArgument, `-p=${canaries.fenceOption}`, '{node}'] },
    ] },
  };
  const { sweep, text } = await sweepDoctor(here.file('pathwarden.yaml', stringify(config)));
  const { chap: ofDisks, ...named } = files;
  for (const file of Object.values(named)) expect(text).toContain(file);
  expect(text).toContain(mode === 0o600 ? '1 file, for their owner only' : ofDisks);
  expect(text).toContain('Permission denied');
  expect(sweep.places).toEqual(['text', 'json']);
  expect(sweep.leaks).toEqual([]);
});

test('a key that is none, of TLS or of the peers, is not quoted', patient, async () => {
  const { directory, file } = place();
  const pem = (what: string): string => `-----BEGIN ${what}-----\n${canaries.tlsKey}\n-----END ${what}-----\n`;
  const config = {
    node: { name: 'gw1', stateDir: directory }, dataPlane: { kind: 'memory' },
    consul: {
      url: 'https://127.0.0.1:1',
      keyFile: file('key.pem', pem('PRIVATE KEY')), certFile: file('c.pem', pem('CERTIFICATE')),
    },
    peers: { listen: '127.0.0.1:7481', keyFile: file('peers', canaries.noPeersKey, 0o600) },
  };
  const { sweep, text } = await sweepDoctor(file('pathwarden.yaml', stringify(config)));
  expect(text).toContain('does not hold 32 bytes');
  expect(sweep.leaks).toEqual([]);
});

test('a configuration with secrets where none belong is refused without quoting one', patient, async () => {
  const { file } = place();
  for (const [index, text] of misplaced.entries()) {
    const { sweep, text: said } = await sweepDoctor(file(`wrong-${String(index)}.yaml`, text));
    expect(said).toContain('✗');
    expect(sweep.leaks).toEqual([]);
  }
});

test('of what Ceph says of a user, its key goes nowhere', async () => {
  const user = JSON.stringify([{ entity: 'client.x', key: canaries.cephKey, caps: { mon: 'allow r' } }]);
  const sweep = new Sweep();
  for (const answer of [{ stdout: user }, { code: 1, stdout: user }, { stdout: `${user}}` }]) {
    const { run: ceph } = recordingRunner({ ceph: answer });
    const look = cephLook({ run: ceph, conf: '/etc/ceph/ceph.conf', id: 'x', nodes: {} });
    sweep.add('rights', JSON.stringify(await look.caps()));
  }
  expect(sweep.leaks).toEqual([]);
});
