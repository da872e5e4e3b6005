// Writes whose answer is lost: a consistent read says what became of them, or they stay unknown.
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock/system.ts';
import type { ConsulApi, ConsulReply } from '../../adapters/consul/api.ts';
import { consulCluster } from '../../adapters/consul/cluster.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';
import { memoryApi } from '../../adapters/consul/memory.ts';
import type { ClusterPort } from '../../src/ports/cluster.ts';

const clock = systemClock();
const call = { deadlineMs: 2000 };
const silence: ConsulReply<never> = { kind: 'silence', reason: 'no answer within 1200 ms' };

type Fault = (send: () => Promise<unknown>) => Promise<ConsulReply<never>>;

// The three fates of a write without an answer.
const happened: Fault = async (send) => {
  await send();
  return silence;
};
const neverArrived: Fault = async () => silence;

let inner: ConsulApi;
let cluster: ClusterPort;
let fault: Fault | null;
let readsFail: boolean;
let session: string;

beforeEach(async () => {
  inner = memoryApi(openStore({ clock }));
  fault = null;
  readsFail = false;
  const api: ConsulApi = {
    ...inner,
    txn(operations, options) {
      const send = () => inner.txn(operations, options);
      return fault === null ? send() : fault(send);
    },
    kvGet: async (key, options) => (readsFail ? silence : inner.kvGet(key, options)),
  };
  cluster = consulCluster({ api, clock, prefix: 'p/' });
  session = await newSession();
});

async function newSession(): Promise<string> {
  const created = await cluster.createSession({ name: 's', ttlMs: 10_000, lockDelayMs: 0, nodeHealth: false }, call);
  return created.kind === 'done' ? created.value.session : '';
}

const request = (more: object = {}) => ({ key: 'a', session, value: 'mine', expectedModifyIndex: 0, ...more });

async function lock() {
  const acquired = await cluster.acquire(request(), call);
  return { key: 'a', session, lockIndex: acquired.kind === 'done' ? acquired.value.lockIndex : 0 };
}

describe('an acquire without an answer', () => {
  test('is done when the key is ours with our value', async () => {
    fault = happened;
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'done', value: { session, lockIndex: 1 } });
  });

  test('is unknown while the key is as it was: the write may still arrive', async () => {
    fault = neverArrived;
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'unknown' });
  });

  test('is refused when another has it: the write cannot succeed any more', async () => {
    const other = await newSession();
    fault = async () => {
      fault = null;
      await cluster.acquire(request({ session: other, value: 'theirs' }), call);
      return silence;
    };
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'refused', code: 'held' });
  });

  test('is refused when the key changed: its index never comes back', async () => {
    fault = async () => {
      fault = null;
      await cluster.put({ key: 'a', value: 'new' }, call);
      return silence;
    };
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'refused', code: 'changed' });
  });

  test('is unknown when the read fails too', async () => {
    fault = happened;
    readsFail = true;
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'unknown' });
  });

  test.each([500, 429])('is unknown after status %i as well, and read back', async (status) => {
    fault = async (send) => {
      await send();
      return { kind: 'answer', status, index: 0, knownLeader: true, filtered: false, body: null, text: '' };
    };
    expect(await cluster.acquire(request(), call)).toMatchObject({ kind: 'done' });
  });
});

test('an acquire that was rolled back is refused by its words when nothing can be read', async () => {
  await lock();
  const other = await newSession();
  readsFail = true;
  const outcome = await cluster.acquire(request({ session: other, expectedModifyIndex: 0 }), call);
  expect(outcome).toMatchObject({ kind: 'refused', code: 'held' });
});

test('a refused token is told apart from an outage, for writes too', async () => {
  fault = async () => ({
    kind: 'answer',
    status: 403,
    index: 0,
    knownLeader: true,
    filtered: false,
    body: null,
    text: 'Permission denied',
  });
  expect(await cluster.acquire(request(), call)).toEqual({
    kind: 'refused',
    code: 'forbidden',
    reason: 'consul refuses the token: Permission denied',
  });
});

describe('an update without an answer', () => {
  test('is done when the new value is there, and unknown while the old one is', async () => {
    const held = await lock();
    fault = neverArrived;
    expect(await cluster.update(held, 'new', call)).toMatchObject({ kind: 'unknown' });
    fault = happened;
    const updated = await cluster.update(held, 'new', call);
    expect(updated).toMatchObject({ kind: 'done', value: { value: 'new', lockIndex: 1 } });
  });

  test('is lost when the lock went meanwhile', async () => {
    const held = await lock();
    fault = async () => {
      await inner.sessionDestroy(session, call);
      return silence;
    };
    expect(await cluster.update(held, 'new', call)).toMatchObject({ kind: 'refused', code: 'lost' });
  });
});

describe('a release without an answer', () => {
  test('is done when nobody holds the key at our value, and unknown while we hold it', async () => {
    const held = await lock();
    fault = neverArrived;
    expect(await cluster.release(held, '', call)).toMatchObject({ kind: 'unknown' });
    fault = happened;
    expect(await cluster.release(held, '', call)).toMatchObject({ kind: 'done' });
  });
});

describe('a put and a remove without an answer', () => {
  test('are done when they happened and unknown when they may still happen', async () => {
    const wanted = { key: 'b', value: 'x', expectedModifyIndex: 0 };
    fault = neverArrived;
    expect(await cluster.put(wanted, call)).toMatchObject({ kind: 'unknown' });
    fault = happened;
    const put = await cluster.put(wanted, call);
    expect(put).toMatchObject({ kind: 'done', value: { value: 'x' } });
    const expectedModifyIndex = put.kind === 'done' ? put.value.modifyIndex : 0;
    fault = neverArrived;
    expect(await cluster.remove({ key: 'b', expectedModifyIndex }, call)).toMatchObject({ kind: 'unknown' });
    fault = happened;
    expect(await cluster.remove({ key: 'b', expectedModifyIndex }, call)).toMatchObject({ kind: 'done' });
  });

  test('are refused when the key changed meanwhile', async () => {
    fault = async () => {
      fault = null;
      await cluster.put({ key: 'b', value: 'theirs' }, call);
      return silence;
    };
    const put = await cluster.put({ key: 'b', value: 'x', expectedModifyIndex: 0 }, call);
    expect(put).toMatchObject({ kind: 'refused', code: 'changed' });
  });
});
