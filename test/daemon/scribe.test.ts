// How long a turn waits for its records, and in which order they are written, on a journal that is told what to do.
import { beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { PathwardenError } from '../../src/errors.ts';
import { Scribe, type Written } from '../../src/daemon/scribe.ts';
import type { JournalPort, JournalRecord } from '../../src/ports/journal.ts';

const record = (seq: number): JournalRecord => ({
  seq, actor: 'node', machine: 'node@1', at: 0, event: { type: 'x' }, value: 'x', intents: [], cause: null,
  settles: null,
});

/** Appends wait until they are answered. */
class SlowJournal {
  readonly appended: number[][] = [];
  #answers: { done(): void; fail(error: Error): void }[] = [];

  append(records: readonly JournalRecord[]): Promise<void> {
    this.appended.push(records.map(({ seq }) => seq));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#answers.push({ done: resolve, fail: reject });
    return promise;
  }

  answer(how: 'done' | 'fail' | 'lost'): Promise<void> {
    const next = this.#answers.shift();
    if (next === undefined) throw new Error('nothing is being appended');
    if (how === 'done') next.done();
    else if (how === 'fail') next.fail(new Error('no space'));
    else next.fail(new PathwardenError('JOURNAL_LOST', 'the thread ended'));
    return settle();
  }
}

let clock: ReturnType<typeof virtualClock>;
let journal: SlowJournal;
let scribe: Scribe;
let troubles: (string | null)[];
const settle = () => clock.advanceAndSettle(0);

/** What became of a write so far. */
function follow(writing: Promise<Written>) {
  const seen: { isDurable: boolean | null; durable: boolean | null } = { isDurable: null, durable: null };
  void writing.then(async ({ isDurable, durable }) => {
    seen.isDurable = isDurable;
    seen.durable = await durable;
    return seen;
  });
  return seen;
}

beforeEach(() => {
  clock = virtualClock();
  journal = new SlowJournal();
  troubles = [];
  scribe = new Scribe({
    journal: journal as unknown as JournalPort, clock, patienceMs: 500, retryMs: 1_000,
    onTrouble: (reason) => troubles.push(reason),
  });
});

describe('records', () => {
  it('are waited for while the journal is well', async () => {
    const first = follow(scribe.write([record(1)]));
    await clock.advanceAndSettle(499);
    expect(first).toEqual({ isDurable: null, durable: null });
    await journal.answer('done');
    expect(first).toEqual({ isDurable: true, durable: true });
    expect(troubles).toEqual([]);
  });

  it('that come while others are being written follow them, in order, and once', async () => {
    const first = follow(scribe.write([record(1), record(2)]));
    await settle();
    const second = follow(scribe.write([record(3)]));
    const third = follow(scribe.write([record(4)]));
    await settle();
    expect(journal.appended).toEqual([[1, 2], [3], [4]]);
    await journal.answer('done');
    expect({ first, second, third }).toEqual({
      first: { isDurable: true, durable: true },
      second: { isDurable: null, durable: null },
      third: { isDurable: null, durable: null },
    });
    await journal.answer('done');
    await journal.answer('done');
    expect([second.durable, third.durable]).toEqual([true, true]);
    expect(scribe.unwritten).toBe(0);
  });

  it('promise to be durable for themselves: an older write that gets through says nothing of them', async () => {
    const first = follow(scribe.write([record(1)]));
    await clock.advanceAndSettle(500);
    const second = follow(scribe.write([record(2)]));
    await settle();
    expect([first, second]).toEqual([{ isDurable: false, durable: null }, { isDurable: false, durable: null }]);
    await journal.answer('done');
    expect([first.durable, second.durable]).toEqual([true, null]);
    await journal.answer('fail');
    expect([first.durable, second.durable]).toEqual([true, false]);
  });
});

describe('a journal that hangs', () => {
  it('is waited for no longer than the patience, and is well again once it answers', async () => {
    const first = follow(scribe.write([record(1)]));
    await clock.advanceAndSettle(500);
    expect(first).toEqual({ isDurable: false, durable: null });
    expect({ healthy: scribe.isHealthy, troubles }).toEqual({
      healthy: false, troubles: ['the journal does not answer'],
    });
    await journal.answer('done');
    expect(first.durable).toBe(true);
    expect({ healthy: scribe.isHealthy, troubles }).toEqual({
      healthy: true, troubles: ['the journal does not answer', null],
    });
  });

  it('says once that it writes again', async () => {
    follow(scribe.write([record(1)]));
    await clock.advanceAndSettle(500);
    expect(scribe.hasBeenMended()).toBe(false);
    await journal.answer('done');
    expect([scribe.hasBeenMended(), scribe.hasBeenMended()]).toEqual([true, false]);
  });

  it('holds up no turn after that', async () => {
    follow(scribe.write([record(1)]));
    await clock.advanceAndSettle(500);
    const second = follow(scribe.write([record(2)]));
    await settle();
    expect(second.isDurable).toBe(false);
  });
});

describe('a journal that fails', () => {
  it('is tried again each second, with everything that waits, until it writes', async () => {
    const first = follow(scribe.write([record(1)]));
    await settle();
    await journal.answer('fail');
    expect(first).toEqual({ isDurable: false, durable: false });
    await clock.advanceAndSettle(1_000);
    await journal.answer('fail');
    expect(journal.appended).toEqual([[1], [1]]);
    const second = follow(scribe.write([record(2)]));
    await settle();
    await journal.answer('done');
    expect(journal.appended.at(-1)).toEqual([1, 2]);
    expect({ second: second.durable, unwritten: scribe.unwritten, troubles }).toEqual({
      second: true, unwritten: 0, troubles: ['no space', null],
    });
  });

  it('loses nothing that was sent behind the failing append', async () => {
    follow(scribe.write([record(1)]));
    follow(scribe.write([record(2)]));
    await journal.answer('fail');
    await journal.answer('fail');
    await clock.advanceAndSettle(1_000);
    await journal.answer('done');
    expect(journal.appended).toEqual([[1], [2], [1, 2]]);
    expect({ unwritten: scribe.unwritten, healthy: scribe.isHealthy }).toEqual({ unwritten: 0, healthy: true });
  });

  it('gets nothing new before what failed is written', async () => {
    follow(scribe.write([record(1)]));
    await journal.answer('fail');
    follow(scribe.write([record(2)]));
    follow(scribe.write([record(3)]));
    await settle();
    expect(journal.appended).toEqual([[1], [1, 2]]);
    await journal.answer('done');
    expect(journal.appended).toEqual([[1], [1, 2], [3]]);
    await journal.answer('done');
    follow(scribe.write([record(4)]));
    expect(journal.appended.at(-1)).toEqual([4]);
  });

  it('is lost only when its thread has ended: then a new start helps, and nothing else does', async () => {
    follow(scribe.write([record(1)]));
    await settle();
    await journal.answer('fail');
    expect(scribe.isLost).toBe(false);
    await clock.advanceAndSettle(1_000);
    await journal.answer('lost');
    expect(scribe.isLost).toBe(true);
  });

  it('is said when the daemon stops: not everything was written', async () => {
    follow(scribe.write([record(1)]));
    await settle();
    await journal.answer('fail');
    const flushed = scribe.flush();
    await settle();
    await journal.answer('fail');
    expect(await flushed).toBe(false);
  });
});

describe('a long backlog', () => {
  const many = (from: number, count: number) => Array.from({ length: count }, (_, index) => record(from + index));

  it('is written in parts, in order', async () => {
    void scribe.write(many(1, 9_000));
    await journal.answer('fail');
    const seen = follow(scribe.write([record(9_001)]));
    for (let part = 0; part < 3; part += 1) await journal.answer('done');
    const parts = journal.appended.slice(1);
    expect(parts.map((part) => part.length)).toEqual([4_096, 4_096, 809]);
    expect(parts.flat()).toEqual(many(1, 9_001).map(({ seq }) => seq));
    expect(seen.durable).toBe(true);
    expect({ unwritten: scribe.unwritten, healthy: scribe.isHealthy }).toEqual({ unwritten: 0, healthy: true });
  });

  it('goes on after the last part that got through', async () => {
    void scribe.write(many(1, 5_000));
    await journal.answer('fail');
    await clock.advanceAndSettle(1_000);
    await journal.answer('done');
    await journal.answer('fail');
    await clock.advanceAndSettle(1_000);
    expect(journal.appended.at(-1)?.at(0)).toBe(4_097);
  });

  it('has an end: too much is said', async () => {
    void scribe.write(many(1, 49_999));
    expect(scribe.isFull).toBe(false);
    void scribe.write([record(50_000)]);
    expect(scribe.isFull).toBe(true);
    await settle();
  });
});
