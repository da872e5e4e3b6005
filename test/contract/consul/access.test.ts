// ACL tokens and TLS, against real Consul only: the embedded agent has neither.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { consulCluster } from '../../../adapters/consul/cluster.ts';
import type { HttpApiOptions } from '../../../adapters/consul/http.ts';
import { httpApi } from '../../../adapters/consul/http.ts';
import type { ClusterPort } from '../../../src/ports/cluster.ts';
import { consulBinary } from '../../lab/get-consul.ts';
import type { AclAgent } from './acl-agent.ts';
import { aclAgent, rootToken } from './acl-agent.ts';
import type { TestAgent } from './agents.ts';
import { freePorts, realAgent, realConsulMissing } from './agents.ts';

const call = { deadlineMs: 5000 };
const clock = systemClock();
const closers: (() => void)[] = [];

function clusterAt(options: HttpApiOptions): ClusterPort {
  const api = httpApi(options);
  closers.push(() => api.close());
  return consulCluster({ api, clock, prefix: 'pathwarden/' });
}

// Where no real Consul can be had without the network; never under CI.
describe.skipIf(realConsulMissing())('with ACLs', () => {
  let agent: AclAgent;
  const withToken = (token: string): ClusterPort => clusterAt({ url: agent.url, token });

  beforeAll(async () => {
    agent = await aclAgent();
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0)) close();
    await agent?.stop();
  });

  const session = { name: 'one', ttlMs: 10_000, lockDelayMs: 0, nodeHealth: true };
  const forbidden = { kind: 'refused', code: 'forbidden' };

  test('works with a token that may write below the prefix, use sessions and read nodes and agent', async () => {
    const sessions = 'session_prefix "" { policy = "write" }';
    const reads = 'node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }';
    const rules = `key_prefix "pathwarden/" { policy = "write" } ${sessions} ${reads}`;
    const cluster = withToken(await agent.newToken('enough', rules));
    expect(await cluster.status(call)).toMatchObject({ kind: 'done' });
    expect(await cluster.list(call)).toMatchObject({ kind: 'done', value: { entries: [] } });
    const created = await cluster.createSession(session, call);
    const id = created.kind === 'done' ? created.value.session : '';
    const request = { key: 'paths/a/0', session: id, value: 'x', expectedModifyIndex: 0 };
    expect(await cluster.acquire(request, call)).toMatchObject({ kind: 'done' });
    const lock = { key: 'paths/a/0', session: id, lockIndex: 1 };
    expect(await cluster.update(lock, 'y', call)).toMatchObject({ kind: 'done' });
    expect(await cluster.release(lock, '', call)).toMatchObject({ kind: 'done' });
    expect(await cluster.renewSession(id, call)).toMatchObject({ kind: 'done' });
    expect(await cluster.destroySession(id, call)).toMatchObject({ kind: 'done' });
  });

  test.each([
    ['a token that Consul does not know', async () => '99999999-2222-3333-4444-555555555555'],
    ['no token', async () => ''],
    ['a token with other rights', () => agent.newToken('other', 'key_prefix "other/" { policy = "write" }')],
  ])('tells %s apart from an outage and from an empty prefix', async (_name, token) => {
    const cluster = withToken(await token());
    const outcomes = await Promise.all([
      cluster.list(call),
      cluster.read('paths/a/0', call),
      cluster.createSession(session, call),
      cluster.put({ key: 'disks/a', value: 'x' }, call),
      cluster.acquire({ key: 'paths/z/0', session: rootToken, value: 'x', expectedModifyIndex: 0 }, call),
    ]);
    for (const outcome of outcomes) expect(outcome).toMatchObject(forbidden);
  });

  test('says in a watch that the token is refused', async () => {
    const cluster = withToken('99999999-2222-3333-4444-555555555555');
    const { promise: troubled, resolve } = Promise.withResolvers<string | null>();
    const watch = cluster.watch({ onSnapshot: () => {}, onTrouble: resolve });
    expect(await troubled).toMatch(/^consul refuses the token/);
    await watch.stop();
  });
});

// Where no real Consul can be had without the network; never under CI.
describe.skipIf(realConsulMissing())('with TLS on both sides', () => {
  let folder: string;
  let agent: TestAgent;
  let url: string;
  const pem = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pathwarden-tls-'));
    const binary = await consulBinary();
    const make = (...argv: string[]) => promisify(execFile)(binary, ['tls', ...argv], { cwd: folder });
    await make('ca', 'create');
    await make('cert', 'create', '-server');
    await make('cert', 'create', '-client');
    const [https] = await freePorts(1);
    const at = (name: string): string => JSON.stringify(join(folder, name));
    const files = `ca_file = ${at('consul-agent-ca.pem')}\ncert_file = ${at('dc1-server-consul-0.pem')}`;
    const key = `key_file = ${at('dc1-server-consul-0-key.pem')}\nverify_incoming_https = true`;
    agent = await realAgent({ config: `ports { https = ${https} }\n${files}\n${key}` });
    url = `https://127.0.0.1:${https}`;
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0)) close();
    await agent?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('talks to a server that it can check, with a certificate of its own', async () => {
    const [ca, cert, key] = await Promise.all(
      ['consul-agent-ca.pem', 'dc1-client-consul-0.pem', 'dc1-client-consul-0-key.pem'].map(pem),
    );
    const tls = { ca: ca ?? '', cert: cert ?? '', key: key ?? '', servername: 'server.dc1.consul' };
    const cluster = clusterAt({ url, tls, datacenter: 'dc1' });
    expect(await cluster.status(call)).toMatchObject({ kind: 'done' });
    expect(await cluster.put({ key: 'disks/a', value: 'x' }, call)).toMatchObject({ kind: 'done' });
  });

  test('does not talk to a server that it cannot check, nor without a certificate', async () => {
    const unchecked = clusterAt({ url });
    expect(await unchecked.status(call)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringMatching(/the connection failed: \w*CERT|SELF_SIGNED|UNABLE_TO/) as unknown,
    });
    const tls = { ca: await pem('consul-agent-ca.pem'), servername: 'server.dc1.consul' };
    const unknownToIt = clusterAt({ url, tls });
    expect(await unknownToIt.status(call)).toMatchObject({ kind: 'unknown' });
  });
});
