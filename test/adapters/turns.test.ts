import { expect, test } from 'vitest';
import { turns } from '../../adapters/target/turns.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';

const patience = { deadlineMs: 10_000 };

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

test('work that throws does not stop the work after it', async () => {
  const inTurn = turns();
  const failing = inTurn('a', patience, () => Promise.reject(new Error('broken')));
  const next = inTurn('a', patience, async () => done(null));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toEqual(done(null));
});
