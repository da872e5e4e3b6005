// The embedded agent's state machine on a virtual clock: everything that would take long in real time.
import { beforeEach, describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../adapters/clock/virtual.ts';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { handleRequest } from '../../adapters/consul/embedded/agent.ts';
import type { AgentAnswer } from '../../adapters/consul/embedded/request.ts';
import type { Store } from '../../adapters/consul/embedded/store.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';

let clock: VirtualClock;
let store: Store;

beforeEach(() => {
  clock = virtualClock();
  store = openStore({ clock });
});

function send(method: string, url: string, body: string | object = ''): Promise<AgentAnswer> {
  const { pathname, searchParams: query } = new URL(url, 'http://agent/v1/');
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return handleRequest(store, { method, path: pathname, query, body: bytes });
}

const jsonOf = ({ body }: AgentAnswer): unknown => (body !== undefined && 'json' in body ? body.json : undefined);
const indexOf = ({ headers = {} }: AgentAnswer): number => Number(headers['X-Consul-Index']);
const newSession = async (spec: object): Promise<string> => {
  const answer = await send('PUT', 'session/create', { Checks: [], ...spec });
  return (jsonOf(answer) as { ID: string }).ID;
};
const holder = (key: string): string | undefined => store.state.kv.get(key)?.session;

describe('a session with a TTL', () => {
  test('ends two TTLs after its last renewal, as in Consul', async () => {
    const session = await newSession({ TTL: '10s' });
    await send('PUT', `kv/a?acquire=${session}`, 'x');
    clock.advance(19_999);
    await send('PUT', `session/renew/${session}`);
    clock.advance(19_999);
    expect(holder('a')).toBe(session);
    clock.advance(1);
    expect(holder('a')).toBe('');
    expect((await send('PUT', `session/renew/${session}`)).status).toBe(404);
  });

  test('may be shorter and end sooner in a demonstration', async () => {
    store = openStore({ clock, sessionTtlMinMs: 1000, expiryFactor: 1 });
    const session = await newSession({ TTL: '1s' });
    clock.advance(999);
    expect(store.state.sessions.has(session)).toBe(true);
    clock.advance(1);
    expect(store.state.sessions.has(session)).toBe(false);
  });

  test('leaves no timer behind when it is destroyed or the agent stops', async () => {
    await send('PUT', `session/destroy/${await newSession({ TTL: '10s' })}`);
    expect(clock.nextTimerMs()).toBeNull();
    await newSession({ TTL: '10s' });
    expect(clock.nextTimerMs()).not.toBeNull();
    store.close();
    expect(clock.nextTimerMs()).toBeNull();
  });
});

test('lock-delay counts from the end of the session, 60 s at most, and is over to the millisecond', async () => {
  const [lost, next] = [await newSession({ LockDelay: '90s', TTL: '10s' }), await newSession({})];
  await send('PUT', `kv/a?acquire=${lost}`, 'x');
  clock.advance(20_000);
  clock.advance(59_999);
  expect(jsonOf(await send('PUT', `kv/a?acquire=${next}`, 'y'))).toBe(false);
  clock.advance(1);
  expect(jsonOf(await send('PUT', `kv/a?acquire=${next}`, 'y'))).toBe(true);
});

test('the index of a prefix goes back when its last deletion is forgotten', async () => {
  await send('PUT', 'kv/p/a', '1');
  await send('PUT', 'kv/p/b', '2');
  await send('DELETE', 'kv/p/b');
  const before = indexOf(await send('GET', 'kv/p/?recurse'));
  clock.advance(15 * 60_000);
  await send('PUT', `session/destroy/${await newSession({})}`);
  expect(indexOf(await send('GET', 'kv/p/?recurse'))).toBeLessThan(before);
});

test('a blocking query waits 5 min by default and 10 min at most', async () => {
  await send('PUT', 'kv/a', '1');
  const { index } = store.state;
  const ended: string[] = [];
  const wait = (name: string, query: string): void => {
    void send('GET', `kv/a?index=${index}${query}`).then(() => ended.push(name));
  };
  wait('default', '');
  wait('longest', '&wait=1h');
  await clock.advanceAndSettle(299_999);
  expect(ended).toEqual([]);
  await clock.advanceAndSettle(1);
  expect(ended).toEqual(['default']);
  await clock.advanceAndSettle(300_000);
  expect(ended).toEqual(['default', 'longest']);
});

describe('nodes', () => {
  test('a session on a node that nobody registered is refused', async () => {
    expect(await send('PUT', 'session/create', { Node: 'n2' })).toMatchObject({ status: 500 });
  });

  test('daemons that share one agent bring their own node names', async () => {
    store = openStore({ clock, adoptNodes: true });
    const session = await newSession({ Node: 'n2', Checks: ['serfHealth'] });
    await send('PUT', `kv/a?acquire=${session}`, 'x');
    expect(jsonOf(await send('GET', 'agent/members'))).toMatchObject([{ Name: 'embedded' }, { Name: 'n2', Status: 1 }]);
    store.setNodeAlive('n2', false);
    expect(jsonOf(await send('GET', 'agent/members'))).toMatchObject([{ Status: 1 }, { Name: 'n2', Status: 4 }]);
    expect(holder('a')).toBe('');
  });
});

test('a value above 512 kB is refused', async () => {
  expect((await send('PUT', 'kv/a', 'x'.repeat(512 * 1024))).status).toBe(200);
  expect((await send('PUT', 'kv/a', 'x'.repeat(512 * 1024 + 1))).status).toBe(413);
});

test.each([
  ['PUT', 'txn', '{bad', 400],
  ['PUT', 'txn', '{}', 400],
  ['PUT', 'txn', JSON.stringify(Array.from({ length: 65 }, () => ({ KV: { Verb: 'get', Key: 'a' } }))), 413],
  ['PUT', 'session/create', '{bad', 400],
  ['PUT', 'session/create', '{"LockDelay":"soon"}', 400],
  ['PUT', 'session/create', '{"TTL":"soon"}', 500],
  ['PUT', 'session/destroy/', '', 400],
  ['PUT', 'session/renew/short', '', 500],
  ['PUT', 'kv/a?cas=x', 'y', 400],
  ['PUT', 'kv/a?acquire=short', 'y', 500],
  ['PUT', 'catalog/register', '{}', 500],
  ['PUT', 'catalog/deregister', '{}', 500],
])('%s %s with %j is refused and changes nothing', async (method, url, body, status) => {
  const before = structuredClone(store.state.tableIndex);
  expect((await send(method, url, body)).status).toBe(status);
  expect(store.state.tableIndex).toEqual(before);
});
