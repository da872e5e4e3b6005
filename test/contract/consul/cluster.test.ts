// The cluster port, over Consul in this process, over the embedded agent and over real Consul.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import type { ConsulApi } from '../../../adapters/consul/api.ts';
import { consulCluster } from '../../../adapters/consul/cluster.ts';
import { openStore } from '../../../adapters/consul/embedded/store.ts';
import { httpApi } from '../../../adapters/consul/http.ts';
import { memoryApi } from '../../../adapters/consul/memory.ts';
import type { ClusterEntry, ClusterPort, ClusterSnapshot, Lock } from '../../../src/ports/cluster.ts';
import type { Outcome } from '../../../src/ports/outcome.ts';
import { embeddedAgent, ifReal, realAgent } from './agents.ts';

const clock = systemClock();

interface Subject {
  readonly api: ConsulApi;
  stop(): Promise<void>;
}

async function overHttp(start: () => Promise<{ url: string; stop(): Promise<void> }>): Promise<Subject> {
  const agent = await start();
  const api = httpApi({ url: agent.url });
  const stop = async (): Promise<void> => {
    api.close();
    await agent.stop();
  };
  return { api, stop };
}

async function inProcess(): Promise<Subject> {
  const store = openStore({ clock });
  return { api: memoryApi(store), stop: async () => store.close() };
}

const subjects = [
  { name: 'Consul in this process', start: inProcess },
  { name: 'the embedded agent', start: () => overHttp(embeddedAgent) },
  ...ifReal({ name: 'real Consul', start: () => overHttp(() => realAgent()) }),
];

const call = { deadlineMs: 5000 };
let prefixes = 0;

describe.each(subjects)('the cluster port over $name', ({ start }) => {
  let subject: Subject;
  let cluster: ClusterPort;

  beforeAll(async () => {
    subject = await start();
  }, 60_000);
  afterAll(() => subject?.stop());
  beforeEach(() => {
    prefixes += 1;
    cluster = consulCluster({ api: subject.api, clock, prefix: `test${prefixes}/` });
  });

  const newSession = async (lockDelayMs = 0): Promise<string> =>
    value(await cluster.createSession({ name: 'one', ttlMs: 10_000, lockDelayMs, nodeHealth: false }, call)).session;
  const acquire = (session: string, text: string, expectedModifyIndex = 0): Promise<Outcome<ClusterEntry>> =>
    cluster.acquire({ key: 'paths/a/0', session, value: text, expectedModifyIndex }, call);
  const acquired = async (session: string, text = 'mine', expectedModifyIndex = 0): Promise<Lock & ClusterEntry> => ({
    ...value(await acquire(session, text, expectedModifyIndex)),
    session,
  });

  test('knows its node and its leader', async () => {
    expect(value(await cluster.status(call))).toEqual({
      consulNode: expect.any(String) as unknown,
      leader: expect.stringMatching(/:\d+$/) as unknown,
    });
  });

  test('lists nothing below a new prefix, and reads an absent key as certainly absent', async () => {
    expect(value(await cluster.list(call)).entries).toEqual([]);
    expect(await cluster.read('disks/a', call)).toEqual({ kind: 'done', value: null });
  });

  test('puts, reads, lists and removes with check-and-set', async () => {
    const first = value(await cluster.put({ key: 'disks/ä', value: 'eins – ü', expectedModifyIndex: 0 }, call));
    expect(first).toMatchObject({ key: 'disks/ä', value: 'eins – ü', lockIndex: 0, session: null, flags: 0 });
    expect(await cluster.read('disks/ä', call)).toEqual({ kind: 'done', value: first });
    expect(value(await cluster.list(call)).entries).toEqual([first]);
    const again = await cluster.put({ key: 'disks/ä', value: 'zwei', expectedModifyIndex: 0 }, call);
    expect(again).toMatchObject({ kind: 'refused', code: 'changed' });
    const { modifyIndex } = value(await cluster.put({ key: 'disks/ä', value: '' }, call));
    expect(value(await cluster.read('disks/ä', call))).toMatchObject({ value: '', modifyIndex });
    const stale = await cluster.remove({ key: 'disks/ä', expectedModifyIndex: first.modifyIndex }, call);
    expect(stale).toMatchObject({ kind: 'refused', code: 'changed' });
    const current = { key: 'disks/ä', expectedModifyIndex: modifyIndex };
    expect(await cluster.remove(current, call)).toEqual({ kind: 'done', value: null });
    expect(await cluster.remove(current, call)).toEqual({ kind: 'done', value: null });
  });

  test('acquires an absent key and a free one, and the epoch grows each time', async () => {
    const session = await newSession();
    const first = await acquired(session, 'one');
    expect(first).toMatchObject({ key: 'paths/a/0', value: 'one', lockIndex: 1, session });
    expect(await cluster.read('paths/a/0', call)).toEqual({ kind: 'done', value: first });
    await cluster.release(first, '', call);
    const free = value(await cluster.read('paths/a/0', call));
    const second = await acquired(await newSession(), 'two', free?.modifyIndex);
    expect(second.lockIndex).toBe(2);
  });

  test('says that an acquire which already happened is done', async () => {
    const session = await newSession();
    const first = await acquired(session, 'one');
    expect(await acquire(session, 'one')).toEqual({ kind: 'done', value: first });
  });

  test('refuses to acquire what is held, changed or delayed, and for a session that is gone', async () => {
    const [one, two, three] = [await newSession(1000), await newSession(), await newSession()];
    await cluster.put({ key: 'paths/a/0', value: 'there' }, call);
    expect(await acquire(one, 'x')).toMatchObject({ kind: 'refused', code: 'changed' });
    const before = value(await cluster.read('paths/a/0', call));
    const held = await acquired(one, 'mine', before?.modifyIndex);
    expect(await acquire(two, 'x', held.modifyIndex)).toMatchObject({ kind: 'refused', code: 'held' });
    expect(await acquire(two, 'x', 0)).toMatchObject({ kind: 'refused', code: 'held' });
    await cluster.destroySession(three, call);
    await cluster.destroySession(one, call);
    const free = value(await cluster.read('paths/a/0', call));
    expect(free).toMatchObject({ session: null, value: 'mine' });
    expect(await acquire(two, 'x', free?.modifyIndex)).toMatchObject({ kind: 'refused', code: 'delayed' });
    const absent = { key: 'paths/b/0', value: 'x', expectedModifyIndex: 0 };
    expect(await cluster.acquire({ ...absent, session: three }, call)).toMatchObject({ kind: 'refused', code: 'gone' });
  });

  test('updates a held key without moving its epoch', async () => {
    const lock = await acquired(await newSession());
    const updated = value(await cluster.update(lock, 'new', call));
    expect(updated).toMatchObject({ value: 'new', lockIndex: lock.lockIndex, session: lock.session });
    expect(value(await cluster.confirm(lock, call))).toEqual(updated);
    expect(value(await cluster.update(lock, 'new', call))).toEqual(updated);
  });

  test('releases with a value, and the same release again is done', async () => {
    const lock = await acquired(await newSession());
    expect(await cluster.release(lock, '', call)).toEqual({ kind: 'done', value: null });
    expect(await cluster.release(lock, '', call)).toEqual({ kind: 'done', value: null });
    expect(value(await cluster.read('paths/a/0', call))).toMatchObject({ value: '', session: null, lockIndex: 1 });
  });

  test('refuses to confirm, update or release a lock of an earlier epoch, even of the same session', async () => {
    const session = await newSession();
    const old = await acquired(session, 'old');
    await cluster.release(old, '', call);
    const free = value(await cluster.read('paths/a/0', call));
    const now = await acquired(session, 'now', free?.modifyIndex);
    const lost = { kind: 'refused', code: 'lost' };
    expect(await cluster.confirm(old, call)).toMatchObject(lost);
    expect(await cluster.update(old, 'x', call)).toMatchObject(lost);
    expect(await cluster.release(old, '', call)).toMatchObject(lost);
    expect(value(await cluster.confirm(now, call))).toMatchObject({ value: 'now' });
  });

  test('has lost a lock whose session ended, and one whose key went', async () => {
    const session = await newSession();
    const lock = await acquired(session);
    await cluster.destroySession(session, call);
    const lost = { kind: 'refused', code: 'lost' };
    expect(await cluster.confirm(lock, call)).toMatchObject(lost);
    expect(await cluster.update(lock, 'x', call)).toMatchObject(lost);
    expect(await cluster.release(lock, '', call)).toMatchObject(lost);
    const { modifyIndex } = value(await cluster.read('paths/a/0', call)) ?? { modifyIndex: 0 };
    await cluster.remove({ key: 'paths/a/0', expectedModifyIndex: modifyIndex }, call);
    expect(await cluster.confirm(lock, call)).toMatchObject(lost);
  });

  test('refuses to put what was ever locked: that would set the epoch back', async () => {
    const lock = await acquired(await newSession());
    const put = { key: 'paths/a/0', value: 'a careless write' };
    expect(await cluster.put(put, call)).toMatchObject({ kind: 'refused', code: 'locked' });
    await cluster.release(lock, '', call);
    expect(await cluster.put(put, call)).toMatchObject({ kind: 'refused', code: 'locked' });
    expect(value(await cluster.read('paths/a/0', call))).toMatchObject({ lockIndex: 1, value: '' });
  });

  test('has lost a lock whose epoch somebody else set back with a plain write', async () => {
    const lock = await acquired(await newSession());
    await subject.api.txn([{ Verb: 'set', Key: `test${prefixes}/paths/a/0`, Value: 'eA==' }], call);
    expect(await cluster.confirm(lock, call)).toMatchObject({ kind: 'refused', code: 'lost' });
  });

  test('renews a session, and knows one that is gone', async () => {
    const session = await newSession();
    expect(await cluster.renewSession(session, call)).toEqual({ kind: 'done', value: { ttlMs: 10_000 } });
    expect(await cluster.destroySession(session, call)).toEqual({ kind: 'done', value: null });
    expect(await cluster.destroySession(session, call)).toEqual({ kind: 'done', value: null });
    expect(await cluster.renewSession(session, call)).toMatchObject({ kind: 'refused', code: 'gone' });
  });

  test('refuses a session that Consul does not allow, with its reason', async () => {
    const spec = { name: 'short', ttlMs: 9000, lockDelayMs: 0, nodeHealth: true };
    const outcome = await cluster.createSession(spec, call);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'invalid' });
    expect(outcome).toHaveProperty('reason', expect.stringContaining('Invalid Session TTL'));
  });

  test('watches: what is there first, then each change below the prefix, until it is stopped', async () => {
    const session = await newSession();
    const seen = openSnapshots();
    const watch = cluster.watch(seen.handlers);
    expect(names(await seen.next())).toEqual([]);
    const lock = await acquired(session);
    expect(names(await seen.next())).toEqual([`paths/a/0 mine ${session}`]);
    await cluster.release(lock, '', call);
    expect(names(await seen.next())).toEqual(['paths/a/0  null']);
    const { modifyIndex } = value(await cluster.read('paths/a/0', call)) ?? { modifyIndex: 0 };
    await cluster.remove({ key: 'paths/a/0', expectedModifyIndex: modifyIndex }, call);
    expect(names(await seen.next())).toEqual([]);
    await watch.stop();
    await cluster.put({ key: 'disks/late', value: 'x' }, call);
    expect(seen.unread()).toBe(0);
    expect(seen.troubles).toEqual([]);
  });

  test('says unknown when it is given no time, or is called off', async () => {
    const session = await newSession();
    const request = { key: 'paths/a/0', session, value: 'x', expectedModifyIndex: 0 };
    expect(await cluster.acquire(request, { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
    expect(await cluster.read('paths/a/0', { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
    const signal = AbortSignal.abort();
    expect(await cluster.acquire(request, { ...call, signal })).toMatchObject({ kind: 'unknown' });
    expect(await cluster.list({ ...call, signal })).toMatchObject({ kind: 'unknown' });
    expect(value(await cluster.read('paths/a/0', call))).toBeNull();
  });
});

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'done') return outcome.value;
  throw new Error(`expected done, got ${outcome.kind}: ${outcome.reason}`);
}

const names = ({ entries }: ClusterSnapshot): string[] =>
  entries.map(({ key, value: text, session }) => `${key} ${text} ${session}`);

function openSnapshots() {
  const arrived: ClusterSnapshot[] = [];
  const waiting: ((snapshot: ClusterSnapshot) => void)[] = [];
  const troubles: (string | null)[] = [];
  const onSnapshot = (snapshot: ClusterSnapshot): void => {
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(snapshot);
    else waiter(snapshot);
  };
  return {
    troubles,
    handlers: { onSnapshot, onTrouble: (reason: string | null) => void troubles.push(reason) },
    unread: () => arrived.length,
    next: (): Promise<ClusterSnapshot> => {
      const snapshot = arrived.shift();
      return snapshot === undefined ? new Promise((resolve) => void waiting.push(resolve)) : Promise.resolve(snapshot);
    },
  };
}
