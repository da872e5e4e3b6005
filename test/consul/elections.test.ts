import { expect, test } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import type { ConsulApi, ConsulReply, RequestOptions } from '../../adapters/consul/api.ts';
import { consulCluster } from '../../adapters/consul/cluster.ts';
import { elections } from '../../adapters/consul/elections.ts';

const answer = <Body>(body: Body | null, status = 200): ConsulReply<Body> => ({
  kind: 'answer', status, index: 7, knownLeader: true, filtered: false, body, text: '',
});
const silence = (reason: string): ConsulReply<never> => ({ kind: 'silence', reason });

/** Servers of which one leads. What is asked of one that died never comes back by itself. */
function cluster() {
  const clock = virtualClock();
  const asked: string[] = [];
  const state = { leader: 'one', dead: '' };
  const ask = <Body>(what: string, body: Body, { deadlineMs, signal }: RequestOptions): Promise<ConsulReply<Body>> => {
    asked.push(`${what} of ${state.leader}`);
    if (state.leader !== state.dead) return Promise.resolve(answer(body));
    return new Promise((resolve) => {
      clock.after(deadlineMs, () => resolve(silence('no answer in time')));
      signal?.addEventListener('abort', () => resolve(silence('called off')));
    });
  };
  const api: Partial<ConsulApi> = {
    kvGet: (_key, options) => ask('read', [], options),
    kvList: (_prefix, _query, options) => ask('list', [], options),
    txn: (_operations, options) => ask('write', { Results: [], Errors: null }, options),
    statusLeader: async () => answer(state.leader),
  };
  const raw = api as ConsulApi;
  let elected = 0;
  const followed = elections(raw, clock, 100);
  const following = followed.follow(() => (elected += 1));
  const waitedFor = async <Body>(reply: Promise<ConsulReply<Body>>, ms: number): Promise<string> => {
    let seen = 'nothing';
    void reply.then((came) => (seen = came.kind === 'answer' ? 'answer' : came.reason));
    await clock.advanceAndSettle(ms);
    return seen;
  };
  return { api: followed.api, asked, clock, raw, elections: () => elected, following, state, waitedFor };
}

const patience = { deadlineMs: 5000 };

test('a read that a dead leader was asked is asked of the next one', async () => {
  const { api, asked, clock, state, waitedFor } = cluster();
  await clock.advanceAndSettle(150);
  state.dead = 'one';
  const read = api.kvGet('a', patience);
  expect(await waitedFor(read, 1000)).toBe('nothing');
  state.leader = 'two';
  expect(await waitedFor(read, 200)).toBe('answer');
  expect(asked).toEqual(['read of one', 'read of two']);
});

test('a write is called off and not repeated: the dead one may have done it', async () => {
  const { api, asked, clock, state, waitedFor } = cluster();
  await clock.advanceAndSettle(150);
  state.dead = 'one';
  const write = api.txn([], patience);
  expect(await waitedFor(write, 1000)).toBe('nothing');
  state.leader = 'two';
  expect(await waitedFor(write, 200)).toBe('another server leads');
  expect(asked).toEqual(['write of one']);
});

test('a blocking query is left to whoever watches, who is told', async () => {
  const { api, clock, elections: count, state, waitedFor } = cluster();
  await clock.advanceAndSettle(150);
  state.dead = 'one';
  const query = api.kvList('', { index: 7, waitMs: 5000 }, patience);
  state.leader = 'two';
  expect(await waitedFor(query, 300)).toBe('nothing');
  expect(count()).toBe(1);
});

test('whoever watches the cluster asks the next leader', async () => {
  const { asked, clock, raw, state } = cluster();
  state.dead = 'one';
  const watched = consulCluster({ api: raw, clock, prefix: 'p/', leaderEveryMs: 100 });
  const watching = watched.watch({ onSnapshot: () => {}, onTrouble: () => {} });
  await clock.advanceAndSettle(1000);
  expect(asked).toEqual(['list of one']);
  state.leader = 'two';
  await clock.advanceAndSettle(150);
  expect(asked).toContain('list of two');
  await watching.stop();
});

test('the time of a request is over when it is over, however often it was asked', async () => {
  const { api, clock, state, waitedFor } = cluster();
  await clock.advanceAndSettle(150);
  state.dead = 'two';
  state.leader = 'two';
  const read = api.kvGet('a', { deadlineMs: 1000 });
  expect(await waitedFor(read, 900)).toBe('nothing');
  expect(await waitedFor(read, 150)).toBe('no answer in time');
});

test('the caller can call off what it asked', async () => {
  const { api, clock, state, waitedFor } = cluster();
  await clock.advanceAndSettle(150);
  state.dead = 'one';
  const caller = new AbortController();
  const read = api.kvGet('a', { ...patience, signal: caller.signal });
  caller.abort();
  expect(await waitedFor(read, 0)).toBe('called off');
});

test('an election without another winner, and one that is still under way, are no change', async () => {
  const { clock, elections: count, state } = cluster();
  await clock.advanceAndSettle(150);
  for (const leader of ['', 'one', '']) {
    state.leader = leader;
    await clock.advanceAndSettle(300);
  }
  expect(count()).toBe(0);
  state.leader = 'two';
  await clock.advanceAndSettle(300);
  expect(count()).toBe(1);
});

test('nobody is asked who leads any more when the watch has ended', async () => {
  const { clock, elections: count, following, state } = cluster();
  await clock.advanceAndSettle(150);
  following.stop();
  state.leader = 'two';
  await clock.advanceAndSettle(1000);
  expect(count()).toBe(0);
});
