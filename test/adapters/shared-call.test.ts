import { describe, expect, test } from 'vitest';
import { sharedCall } from '../../adapters/shared-call.ts';
import { done, type CallOptions, type Outcome } from '../../src/ports/outcome.ts';

const patience = { deadlineMs: 10_000 };

/** A read that answers when it is told to: `answers[0]('…')` ends the first. */
const slowRead = () => {
  const answers: ((value: string) => void)[] = [];
  const given: CallOptions[] = [];
  const read = sharedCall((options) => {
    const { promise, resolve } = Promise.withResolvers<Outcome<string>>();
    answers.push((value) => resolve(done(value)));
    given.push(options);
    return promise;
  });
  return { read, answers, given };
};

describe('a shared call', () => {
  test('is not joined by who comes while it runs: they share the next, which begins after they asked', async () => {
    const { read, answers } = slowRead();
    const first = read(patience);
    const [second, third] = [read(patience), read(patience)];
    expect(answers).toHaveLength(1);
    answers[0]?.('before');
    expect(await first).toEqual(done('before'));
    expect(answers).toHaveLength(2);
    answers[1]?.('after');
    expect([await second, await third]).toEqual([done('after'), done('after')]);
  });

  test('begins at once when none is running', async () => {
    const { read, answers } = slowRead();
    for (const [turn, value] of ['one', 'two'].entries()) {
      const result = read(patience);
      answers[turn]?.(value);
      expect(await result).toEqual(done(value));
    }
  });

  test('lasts as long as the most patient waits, and the others end in their own time', async () => {
    const { read, answers, given } = slowRead();
    const first = read(patience);
    const [hasty, patient] = [read({ deadlineMs: 1 }), read({ deadlineMs: 5000 })];
    expect(await hasty).toMatchObject({ kind: 'unknown', reason: 'no answer before its deadline' });
    answers[0]?.('before');
    await first;
    expect(given[1]?.deadlineMs).toBeGreaterThan(1000);
    answers[1]?.('after');
    expect(await patient).toEqual(done('after'));
  });

  test('is not called off for the others by the signal of one', async () => {
    const { read, answers } = slowRead();
    const caller = new AbortController();
    const [first, second, third] = [read(patience), read({ ...patience, signal: caller.signal }), read(patience)];
    caller.abort();
    expect(await second).toMatchObject({ kind: 'unknown', reason: 'called off' });
    answers[0]?.('before');
    await first;
    answers[1]?.('after');
    expect(await third).toEqual(done('after'));
  });
});
