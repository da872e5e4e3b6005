import { afterEach, expect, test, vi } from 'vitest';
import { turns } from '../../adapters/turns.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';

const patience = { deadlineMs: 10_000 };

afterEach(() => vi.useRealTimers());

test('work under one name waits for its turn, under another it does not', async () => {
  const inTurn = turns();
  const order: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<Outcome>();
  const first = inTurn('a', patience, () => gate);
  const second = inTurn('a', patience, async () => {
    order.push('second');
    return done(null);
  });
  await inTurn('b', patience, async () => done(order.push('other')));
  order.push('first');
  open(done(null));
  await Promise.all([first, second]);
  expect(order).toEqual(['other', 'first', 'second']);
});

test('waiting counts against the deadline', async () => {
  const inTurn = turns();
  const { promise: never } = Promise.withResolvers<Outcome>();
  void inTurn('a', patience, () => never);
  expect(await inTurn('a', { deadlineMs: 10 }, async () => done(null))).toMatchObject({ kind: 'unknown' });
});

test('work that has begun says itself why it is late', async () => {
  vi.useFakeTimers();
  const { promise: commands, resolve: answer } = Promise.withResolvers<Outcome>();
  const late = turns()('a', patience, () => commands);
  await vi.advanceTimersByTimeAsync(patience.deadlineMs + 100);
  answer(unknown('commands under way'));
  expect(await late).toMatchObject({ reason: 'commands under way' });
});

test('work that never answers is unknown', async () => {
  vi.useFakeTimers();
  const { promise: never } = Promise.withResolvers<Outcome>();
  const late = turns()('a', patience, () => never);
  await vi.advanceTimersByTimeAsync(patience.deadlineMs + 1000);
  expect(await late).toMatchObject({ kind: 'unknown', reason: 'no answer for a before its deadline' });
});

test('work that throws does not stop the work after it', async () => {
  const inTurn = turns();
  const failing = inTurn('a', patience, () => Promise.reject(new Error('broken')));
  const next = inTurn('a', patience, async () => done(null));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toEqual(done(null));
});
