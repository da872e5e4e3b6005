// The same requests get the same answers from the embedded agent and from real Consul. The answers on file are those of
// Consul 1.8.7; `vitest -u` with a real Consul at hand writes them anew.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestAgent } from './agents.ts';
import { embeddedAgent, ifReal, nodeName, realAgent } from './agents.ts';
import type { Recorder } from './transcript.ts';
import { openRecorder } from './transcript.ts';

const nobody = '00000000-0000-0000-0000-000000000000';
const kv = (Verb: string, Key: string, more: object = {}): object => ({ KV: { Verb, Key, ...more } });
const value = (text: string): { Value: string } => ({ Value: Buffer.from(text).toString('base64') });
const safe = { TTL: '60s', LockDelay: 0, Checks: [] };

const scenarios: Readonly<Record<string, (record: Recorder) => Promise<void>>> = {
  async 'keys and values'({ send }) {
    await send('GET', '/v1/kv/a');
    await send('PUT', '/v1/kv/a?flags=7', 'hello');
    await send('GET', '/v1/kv/a');
    await send('GET', '/v1/kv/a?consistent');
    await send('GET', '/v1/kv/a?raw');
    await send('PUT', '/v1/kv/a?flags=7', 'hello');
    await send('GET', '/v1/kv/a');
    await send('PUT', '/v1/kv/a');
    await send('GET', '/v1/kv/a');
    await send('PUT', '/v1/kv/b/1', '1');
    await send('PUT', '/v1/kv/b/2', '2');
    await send('PUT', '/v1/kv/b/2/x', '3');
    await send('PUT', `/v1/kv/${encodeURIComponent('b/ü %')}`, 'ü');
    await send('GET', '/v1/kv/b?recurse');
    await send('GET', '/v1/kv/b?keys');
    await send('GET', '/v1/kv/b/?keys&separator=/');
    await send('DELETE', '/v1/kv/b/1');
    await send('GET', '/v1/kv/b/1');
    await send('GET', '/v1/kv/b/1?recurse');
    await send('DELETE', '/v1/kv/b?recurse');
    await send('GET', '/v1/kv/b?recurse');
    await send('GET', '/v1/kv/b?keys');
    await send('DELETE', '/v1/kv/nothing');
    await send('POST', '/v1/kv/a', 'x');
    await send('PUT', '/v1/kv/', 'x');
    await send('DELETE', '/v1/kv/');
    await send('GET', '/v1/kv/a?stale&consistent');
    await send('GET', '/v1/kv/a?index=x');
    await send('GET', '/v1/kv/a?wait=x');
    await send('GET', '/v1/nothing');
  },
  async 'check and set'({ send }) {
    await send('PUT', '/v1/kv/a?cas=0', 'first');
    await send('PUT', '/v1/kv/a?cas=0', 'second');
    const { index } = await send('GET', '/v1/kv/a');
    await send('PUT', `/v1/kv/a?cas=${index}`, 'third');
    await send('PUT', `/v1/kv/a?cas=${index}`, 'fourth');
    const after = await send('GET', '/v1/kv/a');
    await send('DELETE', '/v1/kv/a?cas=0');
    await send('DELETE', `/v1/kv/a?cas=${index}`);
    await send('DELETE', `/v1/kv/a?cas=${after.index}`);
    await send('DELETE', `/v1/kv/a?cas=${after.index}`);
    await send('GET', '/v1/kv/a');
  },
  async 'locks'({ send, session }) {
    const [one, two] = [await session(safe), await session(safe)];
    await send('PUT', '/v1/kv/a?flags=3', 'free');
    await send('PUT', `/v1/kv/a?acquire=${one}&flags=9`, 'mine');
    await send('GET', '/v1/kv/a');
    await send('PUT', `/v1/kv/a?acquire=${two}`, 'no');
    await send('PUT', `/v1/kv/a?release=${two}`, 'no');
    await send('PUT', `/v1/kv/a?acquire=${one}`, 'again');
    await send('GET', '/v1/kv/a');
    await send('PUT', `/v1/kv/a?release=${one}`, 'free again');
    await send('GET', '/v1/kv/a');
    await send('PUT', `/v1/kv/a?acquire=${two}`, 'theirs');
    await send('GET', '/v1/kv/a');
    await send('PUT', '/v1/kv/a', 'a write without the lock');
    await send('GET', '/v1/kv/a');
    await send('PUT', `/v1/kv/a?acquire=${two}&cas=1`, 'x');
    await send('DELETE', '/v1/kv/a');
    await send('GET', '/v1/kv/a');
  },
  async 'transactions that commit'({ send, session }) {
    const mine = await session(safe);
    await send('PUT', '/v1/txn', [kv('check-not-exists', 'a'), kv('lock', 'a', { ...value('one'), Session: mine })]);
    const { index } = await send('GET', '/v1/kv/a');
    await send('PUT', '/v1/txn', [
      kv('check-session', 'a', { Session: mine }),
      kv('check-index', 'a', { Index: index }),
      kv('lock', 'a', { ...value('two'), Session: mine }),
      kv('get', 'a'),
    ]);
    await send('PUT', '/v1/txn', [kv('unlock', 'a', { ...value(''), Session: mine }), kv('get', 'a')]);
    await send('PUT', '/v1/txn', [kv('set', 'b', { ...value('x'), Flags: 5 }), kv('set', 'c', value('y'))]);
    await send('PUT', '/v1/txn', [kv('cas', 'd', { ...value('x'), Index: 0 }), kv('get-tree', 'b'), kv('delete', 'd')]);
    await send('PUT', '/v1/txn', [kv('delete-cas', 'nothing', { Index: 999_999_999 }), kv('delete-tree', 'b')]);
    await send('GET', '/v1/kv/?recurse');
  },
  async 'transactions that fail'({ send, session }) {
    const [one, two] = [await session(safe), await session(safe)];
    await send('PUT', `/v1/kv/a?acquire=${one}`, 'held');
    await send('PUT', '/v1/kv/b', 'there');
    await send('PUT', '/v1/txn', [
      kv('set', 'c', value('must not stay')),
      kv('set', 'b', value('must not stay')),
      kv('cas', 'b', { ...value('x'), Index: 999_999_999 }),
      kv('check-index', 'a', { Index: 999_999_999 }),
      kv('check-index', 'nothing', { Index: 3 }),
      kv('check-session', 'a', { Session: two }),
      kv('check-session', 'nothing', { Session: two }),
      kv('check-not-exists', 'a'),
      kv('get', 'nothing'),
      kv('delete-cas', 'a', { Index: 999_999_999 }),
      kv('lock', 'a', { ...value('x'), Session: two }),
      kv('lock', 'b', { ...value('x'), Session: nobody }),
      kv('lock', 'b', value('x')),
      kv('unlock', 'a', { Session: two }),
      kv('unlock', 'nothing', { Session: one }),
    ]);
    await send('GET', '/v1/kv/?recurse');
    await send('PUT', '/v1/txn', [kv('set', '', value('x')), kv('set', 'b', value('x'))]);
    await send('PUT', '/v1/txn', [kv('delete', 'b'), kv('check-index', 'a', { Index: 999_999_999 })]);
    await send('GET', '/v1/kv/b');
    await send('GET', '/v1/txn');
  },
  async 'sessions'({ send, quietly }) {
    const created = await quietly('PUT', '/v1/session/create', { Name: 'one', TTL: '1m30s', LockDelay: '1.5s' });
    const { ID: id } = created.json as { ID: string };
    await send('GET', `/v1/session/info/${id}`);
    await send('GET', '/v1/session/list');
    await send('GET', `/v1/session/node/${nodeName}`);
    await send('GET', '/v1/session/node/nowhere');
    await send('PUT', `/v1/session/renew/${id}`);
    await send('PUT', `/v1/session/destroy/${id}`);
    await send('PUT', `/v1/session/destroy/${id}`);
    await send('PUT', `/v1/session/renew/${id}`);
    await send('GET', `/v1/session/info/${id}`);
    await send('GET', '/v1/session/list');
    await send('PUT', '/v1/session/create', { TTL: '9s' });
    await send('PUT', '/v1/session/create', { TTL: '25h' });
    await send('PUT', '/v1/session/create', { Node: 'nowhere' });
    await send('PUT', '/v1/session/create', { Checks: ['nothing'] });
    await send('PUT', '/v1/session/create', { Behavior: 'nothing' });
    await send('GET', '/v1/session/create');
    await send('PUT', `/v1/session/info/${id}`);
  },
  async 'how session times and checks are read'({ send, quietly }) {
    const specs = [
      {},
      { LockDelay: 5, Checks: [] },
      { LockDelay: 1_500_000_000, NodeChecks: [] },
      { LockDelay: '61s', TTL: '86400s' },
      { LockDelay: '0s', Behavior: 'delete', TTL: '10s' },
    ];
    for (const spec of specs) {
      const { json } = await quietly('PUT', '/v1/session/create', spec);
      const { ID: id } = json as { ID: string };
      await send('GET', `/v1/session/info/${id}`);
      await quietly('PUT', `/v1/session/destroy/${id}`);
    }
  },
  async 'the end of a session'({ send, quietly, session }) {
    const keeping = await session({ ...safe, LockDelay: '60s' });
    const deleting = await session({ ...safe, LockDelay: '60s', Behavior: 'delete' });
    const next = await session(safe);
    await send('PUT', `/v1/kv/a?acquire=${keeping}`, 'kept');
    await send('PUT', `/v1/kv/released?acquire=${keeping}`, 'x');
    await send('PUT', `/v1/kv/released?release=${keeping}`, '');
    await send('PUT', `/v1/kv/b?acquire=${deleting}`, 'deleted');
    await quietly('PUT', `/v1/session/destroy/${keeping}`);
    await quietly('PUT', `/v1/session/destroy/${deleting}`);
    await send('GET', '/v1/kv/a');
    await send('GET', '/v1/kv/b');
    await send('PUT', `/v1/kv/a?acquire=${next}`, 'too early');
    await send('PUT', `/v1/kv/b?acquire=${next}`, 'too early');
    await send('PUT', '/v1/txn', [kv('lock', 'a', { ...value('too early'), Session: next })]);
    await send('PUT', `/v1/kv/released?acquire=${next}`, 'at once');
    await send('PUT', '/v1/kv/a', 'a write is not a lock');
    await send('GET', '/v1/kv/?recurse');
  },
};

describe.each([
  { name: 'the embedded agent', start: embeddedAgent },
  ...ifReal({ name: 'real Consul', start: () => realAgent() }),
])('$name answers as Consul does:', ({ start }) => {
  let agent: TestAgent;

  beforeAll(async () => {
    agent = await start();
  }, 60_000);
  afterAll(() => agent?.stop());

  test.each(Object.entries(scenarios))('%s', async (name, scenario) => {
    const record = openRecorder(agent.url);
    await emptied(record);
    await scenario(record);
    await expect(record.transcript()).toMatchFileSnapshot(`recorded/${name.replaceAll(' ', '-')}.txt`);
  });
});

// The write at the end moves the index of the whole table, so that no earlier scenario shows in the first answer.
async function emptied({ quietly }: Recorder): Promise<void> {
  const { json } = await quietly('GET', '/v1/session/list');
  for (const { ID: id } of json as { ID: string }[]) await quietly('PUT', `/v1/session/destroy/${id}`);
  await quietly('DELETE', '/v1/kv/?recurse');
  await quietly('PUT', '/v1/kv/zz-marker', String(performance.now()));
  await quietly('DELETE', '/v1/kv/zz-marker');
}
