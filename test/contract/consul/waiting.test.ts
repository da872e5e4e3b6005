// What takes time: blocking queries, lock-delay, TTLs and node health. Both agents.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { startEmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import type { TestAgent } from './agents.ts';
import { ifReal, nodeName, realAgent } from './agents.ts';
import type { Answer, Recorder } from './transcript.ts';
import { openRecorder } from './transcript.ts';

const agents = [
  // The shorter TTL is the one thing in which the embedded agent is set differently.
  {
    name: 'the embedded agent',
    start: () => startEmbeddedConsul({ clock: systemClock(), nodeName, sessionTtlMinMs: 100 }),
    ttlMs: 300,
  },
  ...ifReal({ name: 'real Consul', start: () => realAgent(), ttlMs: 10_000 }),
];

describe.each(agents)('$name', ({ start, ttlMs }) => {
  let agent: TestAgent;
  let record: Recorder;

  beforeAll(async () => {
    agent = await start();
    record = openRecorder(agent.url);
  }, 60_000);
  afterAll(() => agent?.stop());

  const get = (path: string): Promise<Answer> => record.quietly('GET', path);
  const put = (path: string, body?: string | object): Promise<Answer> => record.quietly('PUT', path, body);
  const keysIn = ({ json }: Answer): string[] => (json as { Key: string }[]).map(({ Key }) => Key);

  test('holds a blocking query back until a key below the prefix changes', async () => {
    await put('/v1/kv/wake/a', '1');
    const { index } = await get('/v1/kv/wake/?recurse');
    const order: string[] = [];
    const blocked = get(`/v1/kv/wake/?recurse&index=${index}&wait=30s`).then((answer) => {
      order.push('woken');
      return answer;
    });
    for (let turn = 0; turn < 5; turn += 1) await put('/v1/kv/elsewhere', String(turn));
    order.push('changed');
    await put('/v1/kv/wake/b', '2');
    const woken = await blocked;
    expect(order).toEqual(['changed', 'woken']);
    expect(woken.index).toBeGreaterThan(index);
    expect(keysIn(woken)).toEqual(['wake/a', 'wake/b']);
  });

  test('wakes a blocking query for a deletion, with a higher index', async () => {
    await put('/v1/kv/gone/a', '1');
    await put('/v1/kv/gone/b', '2');
    const { index } = await get('/v1/kv/gone/?recurse');
    const blocked = get(`/v1/kv/gone/?recurse&index=${index}&wait=30s`);
    await record.quietly('DELETE', '/v1/kv/gone/b');
    const woken = await blocked;
    expect(woken.index).toBeGreaterThan(index);
    expect(keysIn(woken)).toEqual(['gone/a']);
  });

  test('ends a blocking query without a change when its wait is over', async () => {
    await put('/v1/kv/still', '1');
    const before = await get('/v1/kv/still');
    const after = await get(`/v1/kv/still?index=${before.index}&wait=300ms`);
    expect(after).toEqual(before);
  });

  test('answers at once when the index asked for is old, or 0', async () => {
    await put('/v1/kv/old', '1');
    const { index } = await get('/v1/kv/old');
    expect((await get(`/v1/kv/old?index=${index - 1}&wait=10m`)).index).toBe(index);
    expect((await get('/v1/kv/old?index=0&wait=10m')).index).toBe(index);
  });

  test('lets nobody lock a key before the lock-delay of its lost session is over', async () => {
    const lost = await record.session({ LockDelay: '1s', Checks: [] });
    const next = await record.session({ LockDelay: 0, Checks: [] });
    expect((await put(`/v1/kv/delayed?acquire=${lost}`, 'x')).json).toBe(true);
    const startMs = performance.now();
    await put(`/v1/session/destroy/${lost}`);
    let refusals = 0;
    while ((await put(`/v1/kv/delayed?acquire=${next}`, 'y')).json !== true) {
      refusals += 1;
      const { index } = await get('/v1/kv/delayed');
      await get(`/v1/kv/delayed?index=${index}&wait=50ms`);
    }
    expect(refusals).toBeGreaterThan(0);
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  test(
    'ends a session that nobody renews, not before its TTL',
    async () => {
      const startMs = performance.now();
      const session = await record.session({ TTL: `${ttlMs / 1000}s`, LockDelay: 0, Checks: [] });
      await put(`/v1/kv/ttl?acquire=${session}`, 'x');
      const { index } = await get('/v1/kv/ttl');
      const released = await get(`/v1/kv/ttl?index=${index}&wait=40s`);
      expect(performance.now() - startMs).toBeGreaterThan(ttlMs - 5);
      expect(released.json).toEqual([expect.not.objectContaining({ Session: expect.anything() as unknown })]);
      expect((await put(`/v1/session/renew/${session}`)).status).toBe(404);
    },
    60_000,
  );

  test('ends the sessions of a node whose health check turns critical, and of a node that is removed', async () => {
    const node = { Node: 'other', Address: '127.0.0.9' };
    const check = (Status: string): object => ({ ...node, Check: { CheckID: 'serfHealth', Name: 'h', Status } });
    await put('/v1/catalog/register', check('passing'));
    const healthy = await record.session({ Node: 'other', LockDelay: 0 });
    const unchecked = await record.session({ Node: 'other', LockDelay: 0, Checks: [] });
    await put(`/v1/kv/health/a?acquire=${healthy}`, 'x');
    await put(`/v1/kv/health/b?acquire=${unchecked}`, 'x');
    await put('/v1/catalog/register', check('critical'));
    expect((await get(`/v1/session/info/${healthy}`)).json).toEqual([]);
    expect((await get(`/v1/session/info/${unchecked}`)).json).toHaveLength(1);
    expect((await put('/v1/session/create', { Node: 'other' })).text).toBe("Check 'serfHealth' is in critical state");
    await put('/v1/catalog/deregister', { Node: 'other' });
    expect((await get(`/v1/session/info/${unchecked}`)).json).toEqual([]);
    const { json: rows } = await get('/v1/kv/health/?recurse');
    expect((rows as { Session?: string }[]).map(({ Session }) => Session)).toEqual([undefined, undefined]);
  });

  test('says who it is, who is there and who leads', async () => {
    const address = expect.stringMatching(/^[\d.]+:\d+$/) as unknown;
    expect((await get('/v1/status/leader')).json).toEqual(address);
    expect((await get('/v1/status/peers')).json).toEqual([address]);
    expect((await get('/v1/agent/self')).json).toMatchObject({
      Config: { NodeName: nodeName, Datacenter: 'dc1', Server: true },
      Member: { Name: nodeName, Status: 1 },
    });
    expect((await get('/v1/agent/members')).json).toMatchObject([{ Name: nodeName, Status: 1 }]);
    expect((await get('/v1/catalog/nodes')).json).toMatchObject([{ Node: nodeName, Datacenter: 'dc1' }]);
    const serf = { Node: nodeName, CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'passing' };
    for (const path of [`node/${nodeName}`, 'state/passing', 'state/any']) {
      expect((await get(`/v1/health/${path}`)).json).toMatchObject([{ ...serf, Output: 'Agent alive and reachable' }]);
    }
    expect((await get('/v1/health/state/critical')).json).toEqual([]);
  });
});
