// What the doctor reads of Consul, and that it leaves nothing behind.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpApiOptions } from '../../../adapters/consul/http.ts';
import { httpApi } from '../../../adapters/consul/http.ts';
import { consulLook } from '../../../adapters/consul/look.ts';
import type { ConsulFactsPort } from '../../../src/ports/doctor.ts';
import type { AclAgent } from './acl-agent.ts';
import { aclAgent, rootToken } from './acl-agent.ts';
import type { TestAgent } from './agents.ts';
import { embeddedAgent, ifReal, nodeName, realAgent, realConsulMissing } from './agents.ts';

const closers: (() => void)[] = [];
const keys = ['disks/doctor', 'paths/doctor'];

function lookAt(options: HttpApiOptions): ConsulFactsPort {
  const api = httpApi(options);
  closers.push(() => api.close());
  return consulLook({ api, prefix: 'pathwarden/', keys });
}

async function listOf(agent: TestAgent, path: string, token = ''): Promise<unknown> {
  const response = await fetch(agent.url + path, { headers: { 'X-Consul-Token': token } });
  return response.status === 404 ? [] : await response.json();
}

async function indexOf(agent: TestAgent, path: string): Promise<number> {
  return Number((await fetch(agent.url + path)).headers.get('x-consul-index'));
}

const subjects = [{ name: 'the embedded agent', start: embeddedAgent }].concat(
  ifReal({ name: 'real Consul', start: () => realAgent() }),
);

describe.each(subjects)('without ACLs, $name', ({ start }) => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await start();
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0)) close();
    await agent?.stop();
  });

  test('says what it is', async () => {
    const facts = await lookAt({ url: agent.url }).agent();
    expect(facts).toMatchObject({ kind: 'done', value: { node: nodeName, isServer: true } });
    const aheadMs = facts.kind === 'done' ? facts.value.clockAheadMs : null;
    expect(Math.abs(aheadMs ?? Number.NaN)).toBeLessThan(5000);
    const leader = await lookAt({ url: agent.url }).leader();
    expect(leader).toMatchObject({ kind: 'done', value: expect.stringContaining(':') });
  });

  test('takes a write for allowed, and has written nothing', async () => {
    const look = lookAt({ url: agent.url });
    expect(await look.mayWriteKeys()).toEqual({ kind: 'done', value: null });
    expect(await listOf(agent, '/v1/kv/?recurse')).toEqual([]);
    expect(await look.keys()).toMatchObject({ kind: 'done', value: { entries: [] } });
  });

  test('also when somebody has made that very key', async () => {
    await fetch(`${agent.url}/v1/kv/pathwarden/disks/doctor`, { method: 'PUT', body: 'mine' });
    const look = lookAt({ url: agent.url });
    expect(await look.mayWriteKeys()).toEqual({ kind: 'done', value: null });
    const found = await look.keys();
    expect(found).toMatchObject({ kind: 'done', value: { entries: [{ key: 'disks/doctor', value: 'mine' }] } });
    await fetch(`${agent.url}/v1/kv/pathwarden/disks/doctor`, { method: 'DELETE' });
  });

  test('wakes nobody who waits for a change below the prefix', async () => {
    await fetch(`${agent.url}/v1/kv/pathwarden/disks/a`, { method: 'PUT', body: 'one' });
    const index = await indexOf(agent, '/v1/kv/pathwarden/?recurse');
    const waiting = indexOf(agent, `/v1/kv/pathwarden/?recurse&wait=10s&index=${String(index)}`);
    const look = lookAt({ url: agent.url });
    await look.mayWriteKeys();
    await look.mayUseSessions();
    expect(await indexOf(agent, '/v1/kv/pathwarden/?recurse')).toBe(index);
    await fetch(`${agent.url}/v1/kv/pathwarden/disks/b`, { method: 'PUT', body: 'two' });
    // Whoever was woken by a look would have answered with the index of before.
    expect(await waiting).toBeGreaterThan(index);
    await fetch(`${agent.url}/v1/kv/pathwarden/?recurse`, { method: 'DELETE' });
  });

  test('says the least TTL of a session, and has made none', async () => {
    expect(await lookAt({ url: agent.url }).mayUseSessions()).toEqual({ kind: 'done', value: { leastTtlMs: 10_000 } });
    expect(await listOf(agent, '/v1/session/list')).toEqual([]);
  });
});

describe('where nobody answers', () => {
  test('everything is unknown', async () => {
    const look = lookAt({ url: 'http://127.0.0.1:1' });
    const reads = [look.agent(), look.leader(), look.keys()];
    const all = await Promise.all([...reads, look.mayWriteKeys(), look.mayUseSessions()]);
    expect(all.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
  });
});

// Where no real Consul can be had without the network; never under CI. The embedded agent has no ACLs.
describe.skipIf(realConsulMissing())('with ACLs', () => {
  let agent: AclAgent;
  beforeAll(async () => {
    agent = await aclAgent('session_ttl_min = "15s"');
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0)) close();
    await agent?.stop();
  });

  const lookWith = async (name: string, rules: string): Promise<ConsulFactsPort> =>
    lookAt({ url: agent.url, token: await agent.newToken(name, rules) });

  const installed = `key_prefix "pathwarden/" { policy = "write" } session_prefix "" { policy = "write" }
    node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }`;
  const forbidden = { kind: 'refused', code: 'forbidden' };

  test('the policy of the installation is enough for everything, and nothing is left behind', async () => {
    const look = await lookWith('installed', installed);
    const done = { kind: 'done' };
    expect(await look.agent()).toMatchObject({ kind: 'done', value: { electionTimeoutMs: expect.any(Number) } });
    for (const outcome of await Promise.all([look.leader(), look.keys(), look.mayWriteKeys()])) {
      expect(outcome).toMatchObject(done);
    }
    expect(await look.mayUseSessions()).toEqual({ kind: 'done', value: { leastTtlMs: 15_000 } });
    expect(await listOf(agent, '/v1/kv/?recurse', rootToken)).toEqual([]);
    expect(await listOf(agent, '/v1/session/list', rootToken)).toEqual([]);
  });

  test('a right to read alone is told from one to write', async () => {
    const look = await lookWith('reads', 'key_prefix "" { policy = "read" }');
    expect(await look.keys()).toMatchObject({ kind: 'done' });
    expect(await look.mayWriteKeys()).toMatchObject(forbidden);
  });

  test('a right to write some kinds of keys only is none', async () => {
    const look = await lookWith('some', 'key_prefix "pathwarden/disks/" { policy = "write" }');
    expect(await look.mayWriteKeys()).toMatchObject(forbidden);
  });

  test('without a right to sessions or to the agent, that is what is refused', async () => {
    const look = await lookWith('keys', 'key_prefix "pathwarden/" { policy = "write" }');
    expect(await look.mayWriteKeys()).toMatchObject({ kind: 'done' });
    expect(await look.mayUseSessions()).toMatchObject(forbidden);
    expect(await look.agent()).toMatchObject(forbidden);
    expect(await look.leader()).toMatchObject({ kind: 'done', value: expect.any(String) });
  });
});

test('whoever answers in JSON and is no Consul is refused, and ends nothing', async () => {
  const server = createServer((_request, response) => void response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const look = lookAt({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
  expect(await look.agent()).toMatchObject({ kind: 'refused', code: 'invalid' });
  const others = [look.leader(), look.keys(), look.mayWriteKeys(), look.mayUseSessions()];
  for (const other of others) expect((await other).kind).not.toBe('done');
  for (const close of closers.splice(0)) close();
  server.close();
});
