import { describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../adapters/clock/virtual.ts';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import type { ConsulAnswer, ConsulApi, ConsulReply, KvJson } from '../../adapters/consul/api.ts';
import { startWatch } from '../../adapters/consul/watch.ts';

type Reply = ConsulReply<readonly KvJson[]>;

const row = (key: string, index: number, value = 'x'): KvJson => ({
  Key: `p/${key}`,
  Value: value,
  Flags: 0,
  LockIndex: 0,
  CreateIndex: 1,
  ModifyIndex: index,
});
const ok = (index: number, ...body: KvJson[]): ConsulAnswer<readonly KvJson[]> => ({
  kind: 'answer',
  status: body.length === 0 ? 404 : 200,
  index,
  knownLeader: true,
  filtered: false,
  body: body.length === 0 ? null : body,
  text: '',
});
const failed = (status: number, text = ''): Reply => ({ ...ok(0), status, text });
const silence: Reply = { kind: 'silence', reason: 'the connection failed: ECONNREFUSED' };

/** Answers each read with the next of the script; when it is over, reads stay open until they are called off. */
function follow(script: Reply[], { answerAfterMs = 0, mayRead = true } = {}) {
  const clock = virtualClock();
  const asked: string[] = [];
  const told: string[] = [];
  const deadlines: number[] = [];
  const known: (string | undefined)[] = [];
  let calledOff = 0;
  const kvList: ConsulApi['kvList'] = async (_prefix, query, { deadlineMs, signal }) => {
    const what = 'consistent' in query ? 'read' : `index ${query.index} wait ${query.waitMs}`;
    asked.push(`${clock.monotonicMs()}: ${what}`);
    deadlines.push(deadlineMs);
    known.push('index' in query ? query.known : undefined);
    const reply = script.shift();
    if (reply !== undefined) {
      if (answerAfterMs > 0) await new Promise<void>((resolve) => void clock.after(answerAfterMs, resolve));
      return reply;
    }
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => {
        calledOff += 1;
        resolve({ kind: 'silence', reason: 'the request was called off' });
      });
    });
  };
  // An empty list is confirmed by reading the prefix itself, which a token without rights cannot.
  const kvGet: ConsulApi['kvGet'] = async () => (mayRead ? ok(1) : failed(403, 'Permission denied'));
  const watch = startWatch(
    { api: { kvList, kvGet } as ConsulApi, clock, prefix: 'p/' },
    {
      onSnapshot: ({ index, entries }) =>
        void told.push(`snapshot ${index}: ${entries.map(({ key, value }) => `${key}=${value}`).join(' ')}`),
      onContact: (sentAtMs) => void told.push(`contact ${sentAtMs}`),
      onTrouble: (reason) => void told.push(reason === null ? 'trouble over' : `trouble: ${reason}`),
    },
  );
  return { clock, asked, told, known, deadlines, watch, calledOff: () => calledOff };
}

const run = async (clock: VirtualClock, ms = 60_000): Promise<void> => clock.advanceAndSettle(ms);

describe('the watch', () => {
  test('reads once, then asks with the last index and a deadline above the longest answer time', async () => {
    const { clock, asked, told, deadlines } = follow([ok(7, row('a', 7)), ok(9, row('a', 9))]);
    await run(clock);
    expect(asked).toEqual(['0: read', '0: index 7 wait 5000', '50: index 9 wait 5000']);
    expect(told).toEqual(['contact 0', 'snapshot 7: a=x', 'contact 0', 'snapshot 9: a=x']);
    expect(deadlines[0]).toBe(2000);
    expect(deadlines[1]).toBeGreaterThanOrEqual((5000 * 17) / 16 + 1000);
  });

  test('tells nobody of a wake-up without a change', async () => {
    const { clock, told } = follow([ok(7, row('a', 7)), ok(8, row('a', 7)), ok(9, row('a', 7))]);
    await run(clock);
    expect(told.filter((line) => line.startsWith('snapshot'))).toEqual(['snapshot 7: a=x']);
    expect(told.filter((line) => line.startsWith('contact'))).toHaveLength(3);
  });

  test.each([
    ['another holder', { Session: 's' }],
    ['another epoch', { LockIndex: 2 }],
    ['another value', { Value: 'y' }],
    ['a key that was made anew', { CreateIndex: 6 }],
  ])('takes %s for a change', async (_name, change) => {
    const { clock, told } = follow([ok(7, row('a', 7)), ok(8, { ...row('a', 7), ...change })]);
    await run(clock);
    expect(told.filter((line) => line.startsWith('snapshot'))).toHaveLength(2);
  });

  test('knows a list again by its text, of the snapshot that it told last and of no other', async () => {
    const { clock, asked, told, known } = follow([
      { ...ok(7, row('a', 7)), digest: 'd1' },
      { ...ok(8), status: 200, digest: 'd1' },
      { ...ok(9, row('b', 9)), digest: 'd2' },
    ]);
    await run(clock);
    expect(known).toEqual([undefined, 'd1', 'd1', 'd2']);
    expect(told).toEqual(['contact 0', 'snapshot 7: a=x', 'contact 0', 'contact 50', 'snapshot 9: b=x']);
    expect(asked.at(-1)).toBe('100: index 9 wait 5000');
  });

  test('starts anew with a plain read when the index goes back', async () => {
    const { clock, asked } = follow([ok(70, row('a', 7)), ok(20, row('a', 7)), ok(21, row('a', 7))]);
    await run(clock);
    expect(asked.map((line) => line.replace(/^\d+: /, ''))).toEqual([
      'read',
      'index 70 wait 5000',
      'read',
      'index 21 wait 5000',
    ]);
  });

  test('treats index 0 as 1, so that it blocks', async () => {
    const { clock, asked } = follow([ok(0, row('a', 7))]);
    await run(clock);
    expect(asked).toEqual(['0: read', '0: index 1 wait 5000']);
  });

  test('takes an absent prefix for an empty snapshot and goes on blocking', async () => {
    const { clock, asked, told } = follow([ok(5), ok(6, row('a', 6))]);
    await run(clock);
    expect(told).toEqual(['contact 0', 'snapshot 5: ', 'contact 0', 'snapshot 6: a=x']);
    expect(asked).toContain('0: index 5 wait 5000');
  });

  test('does not take a list that the token may not read for an empty one', async () => {
    const { clock, told } = follow([ok(5)], { mayRead: false });
    await run(clock);
    expect(told).toEqual(['trouble: consul refuses the token: Permission denied']);
  });

  test('leaves out a key that is the prefix itself', async () => {
    const { clock, told } = follow([ok(7, row('', 3), row('a', 7))]);
    await run(clock);
    expect(told).toContain('snapshot 7: a=x');
  });

  test('asks twice at once, then every 50 ms, when answers come at once', async () => {
    const { clock, asked } = follow(Array.from({ length: 5 }, (_, turn) => ok(turn + 1, row('a', turn + 1))));
    await run(clock);
    expect(asked.map((line) => line.split(':')[0])).toEqual(['0', '0', '50', '100', '150', '200']);
  });

  test('has its burst back after a quiet time', async () => {
    const { clock, asked } = follow(
      Array.from({ length: 4 }, (_, turn) => ok(turn + 1, row('a', turn + 1))),
      { answerAfterMs: 1000 },
    );
    await run(clock);
    expect(asked.map((line) => line.split(':')[0])).toEqual(['0', '1000', '2000', '3000', '4000']);
  });

  test('says what is wrong once, backs off up to 1 s, and reads plainly when it is over', async () => {
    const down = Array.from({ length: 8 }, () => silence);
    const up = ok(7, row('a', 7));
    const { clock, asked, told } = follow([up, ...down, up]);
    await run(clock);
    expect(told).toEqual([
      'contact 0',
      'snapshot 7: a=x',
      'trouble: consul: the connection failed: ECONNREFUSED',
      'trouble over',
      'contact 4550',
    ]);
    const times = asked.map((line) => line.split(':')[0]);
    expect(times).toEqual(['0', '0', '50', '150', '350', '750', '1550', '2550', '3550', '4550', '4550']);
    expect(asked.slice(2, -1).every((line) => line.endsWith('read'))).toBe(true);
  });

  test('says so when the reason changes, and tells a refused token from an outage', async () => {
    const noLeader = failed(500, 'No cluster leader');
    const { clock, told } = follow([silence, noLeader, failed(403, 'Permission denied'), ok(3)]);
    await run(clock);
    expect(told).toEqual([
      'trouble: consul: the connection failed: ECONNREFUSED',
      'trouble: consul answers 500: No cluster leader',
      'trouble: consul refuses the token: Permission denied',
      'trouble over',
      expect.stringMatching(/^contact/),
      'snapshot 3: ',
    ]);
  });

  test('does not take an answer without a leader, or with hidden keys, for the truth', async () => {
    const { clock, told } = follow([
      { ...ok(3), knownLeader: false },
      { ...ok(3), filtered: true },
    ]);
    await run(clock);
    expect(told).toEqual([
      'trouble: consul knows no leader',
      'trouble: consul hides keys that the token may not read',
    ]);
  });

  test('ends a request that is under way when it is stopped, and tells nothing more', async () => {
    const { clock, told, watch, calledOff } = follow([ok(7, row('a', 7))]);
    await run(clock);
    const before = [...told];
    await watch.stop();
    expect(calledOff()).toBe(1);
    expect(told).toEqual(before);
    expect(clock.nextTimerMs()).toBeNull();
  });

  test('calls off what it asked and reads plainly, when it is told to ask again', async () => {
    const { clock, asked, told, watch, calledOff } = follow([ok(7, row('a', 7))]);
    await run(clock, 3000);
    watch.again();
    await run(clock, 1000);
    expect(calledOff()).toBe(1);
    expect(asked).toEqual(['0: read', '0: index 7 wait 5000', '3000: read']);
    expect(told).toEqual(['contact 0', 'snapshot 7: a=x']);
    await watch.stop();
  });

  test('stops while it backs off', async () => {
    const { clock, watch } = follow([silence, silence, silence, silence]);
    await run(clock, 60);
    expect(clock.nextTimerMs()).not.toBeNull();
    await watch.stop();
    expect(clock.nextTimerMs()).toBeNull();
  });
});
