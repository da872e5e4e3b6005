// The real program with secrets in all its files, a Consul that quotes the token it was sent, and a key that is none.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { canaries, Sweep } from './canaries.ts';
import { misplaced } from './misplaced.ts';

const program = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;
const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

function place(): { readonly directory: string; readonly file: (name: string, text: string) => string } {
  const directory = mkdtempSync(join(tmpdir(), 'pathwarden-secrets-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  return {
    directory,
    file: (name, text) => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    },
  };
}

/** Refuses everything, and says with which token: as a proxy in between might. */
async function angryConsul(): Promise<number> {
  const server: Server = createServer((request, response) => {
    const token = String(request.headers['x-consul-token']);
    response.statusCode = 403;
    response.end(`Permission denied: token with AccessorID '${token}' lacks permission 'key:read' on "${token}"`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Agent {
  readonly out: () => string;
  readonly url: () => string | undefined;
  end(): Promise<number | null>;
}

function startAgent(configFile: string): Agent {
  const child = spawn(process.execPath, [program, 'agent', '--config', configFile], { stdio });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  ends.push(() => child.kill('SIGKILL'));
  return {
    out: () => said,
    url: () => /"url":"(http:[^"]+)"/.exec(said)?.[1],
    end: async () => {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

async function sweepAgent(agent: Agent, directory: string): Promise<Sweep> {
  const sweep = new Sweep();
  const refused = /cannot be read|403|refused|failed/;
  await vi.waitFor(() => expect(agent.url()).toBeDefined(), { timeout: 15_000 });
  await vi.waitFor(() => expect(agent.out()).toMatch(refused), { timeout: 15_000 });
  for (const path of ['/v1/cluster', '/v1/actors', '/v1/actors/node/explain', '/v1/events?limit=1000', '/metrics',
    '/readyz', '/v1/journal']) {
    sweep.add('answers', await (await fetch(`${agent.url() ?? ''}${path}`)).text());
  }
  await agent.end();
  sweep.add('log', agent.out());
  for (const name of readdirSync(join(directory, 'state')).filter((each) => each.startsWith('journal'))) {
    sweep.add('journal file', readFileSync(join(directory, 'state', name), 'latin1'));
  }
  return sweep;
}

const config = (directory: string, consul: object, peers: object = {}): string => stringify({
  node: { name: 'n1', stateDir: join(directory, 'state') },
  consul, peers, dataPlane: { kind: 'memory' }, log: { level: 'trace' },
  http: { port: 0, operatorTokenFile: join(directory, 'operator-token') },
  exclusion: { methods: [{ method: 'command', argv: ['/bin/false', canaries.fenceArgument, '{node}'] }] },
});

test('the token that Consul quotes when it refuses shows nowhere', { timeout: 40_000 }, async () => {
  const { directory, file } = place();
  const tokenFile = file('consul-token', `${canaries.consulToken}\n`);
  file('operator-token', `${canaries.operatorToken}\n`);
  const url = `http://127.0.0.1:${String(await angryConsul())}`;
  const agent = startAgent(file('pathwarden.yaml', config(directory, { url, tokenFile })));
  const sweep = await sweepAgent(agent, directory);
  expect(agent.out()).toContain('consul refuses the token');
  expect(sweep.places).toEqual(['answers', 'log', 'journal file']);
  expect(sweep.leaks).toEqual([]);
});

test('a key for TLS that is none is not quoted', { timeout: 40_000 }, async () => {
  const { directory, file } = place();
  file('operator-token', `${canaries.operatorToken}\n`);
  const pem = (what: string): string => `-----BEGIN ${what}-----\n${canaries.tlsKey}\n-----END ${what}-----\n`;
  const consul = {
    url: `https://127.0.0.1:${String(await angryConsul())}`,
    keyFile: file('key.pem', pem('PRIVATE KEY')), certFile: file('cert.pem', pem('CERTIFICATE')),
  };
  const agent = startAgent(file('pathwarden.yaml', config(directory, consul)));
  expect((await sweepAgent(agent, directory)).leaks).toEqual([]);
});

async function freeUdpAddress(): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return `127.0.0.1:${String(port)}`;
}

test('the keys that the peers share show nowhere', { timeout: 40_000 }, async () => {
  const { directory, file } = place();
  file('operator-token', `${canaries.operatorToken}\n`);
  const [keyFile, previousKeyFile] = [file('key', canaries.peersKey), file('previous', canaries.previousPeersKey)];
  for (const key of [keyFile, previousKeyFile]) chmodSync(key, 0o600);
  const url = `http://127.0.0.1:${String(await angryConsul())}`;
  const peers = { listen: await freeUdpAddress(), keyFile, previousKeyFile };
  const agent = startAgent(file('pathwarden.yaml', config(directory, { url }, peers)));
  const sweep = await sweepAgent(agent, directory);
  expect(sweep.places).toEqual(['answers', 'log', 'journal file']);
  expect(sweep.leaks).toEqual([]);
});

test('a key of the peers that is none is refused without quoting it', { timeout: 20_000 }, async () => {
  const { directory, file } = place();
  const keyFile = file('key', canaries.noPeersKey);
  chmodSync(keyFile, 0o600);
  const peers = { listen: await freeUdpAddress(), keyFile };
  const name = file('pathwarden.yaml', config(directory, { url: 'http://127.0.0.1:1' }, peers));
  const agent = startAgent(name);
  await vi.waitFor(() => expect(agent.out()).toContain('does not hold 32 bytes'), { timeout: 15_000 });
  expect(await agent.end()).toBe(2);
  const sweep = new Sweep();
  sweep.add('log', agent.out());
  expect(sweep.leaks).toEqual([]);
});

test('a configuration with secrets where none belong is refused without quoting one', { timeout: 20_000 }, async () => {
  const { file } = place();
  const sweep = new Sweep();
  for (const [index, text] of misplaced.entries()) {
    const name = file(`wrong-${String(index)}.yaml`, text);
    for (const args of [['config', 'check', name], ['config', 'check', name, '--json'], ['agent', '--config', name]]) {
      const child = spawn(process.execPath, [program, ...args], { stdio });
      const keep = (chunk: Buffer): void => sweep.add(args.join(' '), chunk.toString());
      for (const stream of [child.stdout, child.stderr]) stream.on('data', keep);
      expect((await once(child, 'close'))[0]).toBe(2);
    }
  }
  expect(sweep.places).toHaveLength(12);
  expect(sweep.leaks).toEqual([]);
});
