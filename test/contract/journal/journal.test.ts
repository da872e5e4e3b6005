import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalPort } from '../../../src/ports/journal.ts';
import { journalLimits } from '../../../adapters/journal/rows.ts';
import { type Place, places } from './places.ts';
import { record, records, snapshot } from './records.ts';

describe.each(Object.entries(places))('a journal in %s', (_name, makePlace) => {
  let place: Place;
  let journal: JournalPort;
  const opened: JournalPort[] = [];

  const reopen = async () => {
    const next = place.journal();
    opened.push(next);
    return { journal: next, contents: await next.open() };
  };
  const seqs = async (query: Parameters<JournalPort['read']>[0]) => (await journal.read(query)).map(({ seq }) => seq);

  beforeEach(async () => {
    place = await makePlace();
    ({ journal } = await reopen());
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await place.remove();
  });

  it('starts empty', async () => {
    expect(await journal.read({ limit: 10 })).toEqual([]);
    expect(await journal.info()).toMatchObject({ records: 0, firstSeq: 0, lastSeq: 0 });
  });

  it('gives back every field of what was appended, in order', async () => {
    await Promise.all([journal.append([record(1), record(2)]), journal.append([record(3)]), journal.append([])]);
    expect(await journal.read({ limit: 10 })).toEqual(records(1, 3));
    expect(await journal.info()).toMatchObject({ records: 3, firstSeq: 1, lastSeq: 3 });
  });

  it('gives back everything after it was closed and opened again, and goes on counting', async () => {
    await journal.append(records(1, 5));
    await journal.close();
    const again = await reopen();
    expect(again.contents).toEqual({ snapshots: [], records: records(1, 5), lastSeq: 5 });
    await again.journal.append([record(6)]);
    expect(await again.journal.info()).toMatchObject({ records: 6, lastSeq: 6 });
  });

  it('stores what was still waiting when it was closed', async () => {
    const waiting = journal.append(records(1, 3));
    await journal.close();
    await waiting;
    expect((await reopen()).contents.lastSeq).toBe(3);
  });

  it('gives the stored snapshot of one actor, and none of an actor that was forgotten or never stored', async () => {
    await journal.append(records(1, 3));
    const { actor } = record(3);
    await journal.saveSnapshots([snapshot(actor, 3)]);
    expect(await journal.snapshots(actor)).toEqual([snapshot(actor, 3)]);
    expect(await journal.snapshots('path/none/1')).toEqual([]);
    await journal.saveSnapshots([{ actor, seq: 3, snapshot: null }]);
    expect(await journal.snapshots(actor)).toEqual([]);
  });

  it('keeps every acknowledged append when the process is killed in the middle', async () => {
    await journal.close();
    const acknowledged = await place.crashAmidAppends();
    const { contents } = await reopen();
    expect(acknowledged).toBeGreaterThan(0);
    expect(contents.lastSeq).toBeGreaterThanOrEqual(acknowledged);
    expect(contents.records).toEqual(records(1, contents.lastSeq));
  });

  it('stores all of a failed append or nothing, says why, and takes it again later', async () => {
    await journal.append([record(1)]);
    const repair = place.breakAt(3);
    const failures = await Promise.allSettled([journal.append(records(2, 4)), journal.append([record(5)])]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'JOURNAL_WRITE_FAILED' } });
    }
    const [first] = failures;
    expect(first).toMatchObject({ reason: { cause: { message: 'no space left, says the test' } } });
    expect(await seqs({ limit: 10 })).toEqual([1]);
    await expect(journal.append([record(5)])).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
    repair();
    await journal.append(records(2, 5));
    expect(await seqs({ limit: 10 })).toEqual([1, 2, 3, 4, 5]);
  });

  it('stores nothing of what was sent behind an append that fails: it would leave a gap', async () => {
    await journal.append([record(1)]);
    const repair = place.breakAt(3);
    const failing = journal.append(records(2, 4));
    await Promise.resolve();
    const behind = journal.append([record(5)]);
    for (const failure of await Promise.allSettled([failing, behind])) {
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'JOURNAL_WRITE_FAILED' } });
    }
    expect(await seqs({ limit: 10 })).toEqual([1]);
    repair();
    await journal.append(records(2, 5));
    expect(await seqs({ limit: 10 })).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses a gap, a repeated seq and a hole inside one append', async () => {
    await journal.append([record(1)]);
    for (const wrong of [[record(3)], [record(1)], [record(2), record(4)]]) {
      await expect(journal.append(wrong)).rejects.toMatchObject({ code: 'INTERNAL', facts: { actor: 'path/00001/1' } });
    }
    await journal.append([record(2)]);
    expect(await seqs({ limit: 10 })).toEqual([1, 2]);
  });

  it('refuses a record that is too large and stores nothing of that append', async () => {
    const large = record(2, 'disk/00001', 'x'.repeat(journalLimits.recordBytesMax));
    await expect(journal.append([record(1), large])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      facts: { actor: 'disk/00001', seq: 2, limit: 'recordBytesMax' },
    });
    await journal.append([record(1)]);
    expect(await seqs({ limit: 10 })).toEqual([1]);
  });

  it('counts bytes, not characters', async () => {
    const third = Math.floor(journalLimits.recordBytesMax / 3);
    const large = record(1, 'a', '€'.repeat(third));
    await expect(journal.append([large])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await journal.append([record(1, 'a', '€'.repeat(third - 500))]);
  });

  it('reads by actor, by range and newest first', async () => {
    await journal.append([record(1, 'a'), record(2, 'b'), record(3, 'a'), record(4, 'b'), record(5, 'a')]);
    expect(await seqs({ limit: 10, actor: 'a' })).toEqual([1, 3, 5]);
    expect(await seqs({ limit: 10, from: 2, to: 4 })).toEqual([2, 3, 4]);
    expect(await seqs({ limit: 2, newestFirst: true })).toEqual([5, 4]);
    expect(await seqs({ limit: 1, actor: 'a', to: 4, newestFirst: true })).toEqual([3]);
    expect(await seqs({ limit: 10, actor: 'nobody' })).toEqual([]);
  });

  it('refuses a read that asks for too much', async () => {
    const limit = journalLimits.queryRecordsMax + 1;
    await expect(journal.read({ limit })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('opens with the snapshots and only the records after them', async () => {
    await journal.append([record(1, 'a'), record(2, 'b'), record(3, 'a'), record(4, 'b')]);
    await journal.saveSnapshots([snapshot('a', 1)]);
    await journal.saveSnapshots([snapshot('a', 3), snapshot('b', 2)]);
    await journal.close();
    const { contents } = await reopen();
    expect(contents.snapshots).toEqual([snapshot('b', 2), snapshot('a', 3)]);
    expect(contents.records).toEqual([record(4, 'b')]);
    expect(contents.lastSeq).toBe(4);
  });

  it('never lets an older snapshot replace a newer one', async () => {
    await journal.append(records(1, 3, 'a'));
    await journal.saveSnapshots([snapshot('a', 3)]);
    await journal.saveSnapshots([snapshot('a', 2)]);
    await journal.close();
    expect((await reopen()).contents.snapshots).toEqual([snapshot('a', 3)]);
  });

  it('forgets an actor, keeps its records, and knows it again when it comes back', async () => {
    await journal.append(records(1, 2, 'a'));
    await journal.saveSnapshots([snapshot('a', 2)]);
    await journal.saveSnapshots([{ actor: 'a', seq: 2, snapshot: null }]);
    await journal.append([record(3, 'a')]);
    expect(await seqs({ limit: 10, actor: 'a' })).toEqual([1, 2, 3]);
    await journal.close();
    expect((await reopen()).contents).toEqual({ snapshots: [], records: [record(3, 'a')], lastSeq: 3 });
  });

  it('refuses a snapshot of a record that is not durable yet', async () => {
    const append = journal.append([record(1, 'a')]);
    const early = { code: 'JOURNAL_WRITE_FAILED', facts: { actor: 'a', seq: 1 } };
    await expect(journal.saveSnapshots([snapshot('a', 1)])).rejects.toMatchObject(early);
    await append;
    await journal.saveSnapshots([snapshot('a', 1)]);
  });

  it('refuses a snapshot that is too large', async () => {
    await journal.append([record(1, 'a')]);
    const large = { ...snapshot('a', 1), snapshot: 'x'.repeat(journalLimits.snapshotBytesMax) };
    await expect(journal.saveSnapshots([large])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('is open once: the second is told who has it, and may have it after the first closed', async () => {
    const second = place.journal();
    opened.push(second);
    await expect(second.open()).rejects.toMatchObject({ code: 'JOURNAL_IN_USE', facts: { pid: process.pid } });
    await journal.close();
    expect((await second.open()).lastSeq).toBe(0);
  });

  it('names the record that cannot be read, and the next start sets the journal aside', async () => {
    await journal.append(records(1, 3));
    place.damage(2);
    const damaged = { code: 'JOURNAL_DAMAGED', facts: { seq: 2 } };
    await expect(journal.read({ limit: 10 })).rejects.toMatchObject(damaged);
    expect(await seqs({ limit: 10, from: 3 })).toEqual([3]);
    await journal.close();
    const { contents } = await reopen();
    expect(contents).toMatchObject({ snapshots: [], records: [], lastSeq: 0 });
    expect(contents.setAside?.location).toMatch(/aside|damaged/);
    expect(contents.setAside?.reason).toContain('2');
  });

  const everything = { keepSince: Infinity, bytesMax: 0, recordsMax: 100 };
  const kept = async () => (await seqs({ limit: 100 })).at(0);

  it('compacts by age, up to the first record that is young enough', async () => {
    await journal.append(records(1, 9, 'a'));
    await journal.saveSnapshots([settled('a', 9)]);
    const keepSince = record(5).at;
    const done = { removed: 4, more: false, heldAt: null };
    expect(await journal.compact({ ...everything, keepSince, bytesMax: 1e9 })).toMatchObject(done);
    expect(await kept()).toBe(5);
    expect(await journal.info()).toMatchObject({ records: 5, firstSeq: 5, lastSeq: 9 });
    await journal.append([record(10, 'a')]);
  });

  it('compacts by size, in steps, and keeps the newest record', async () => {
    await journal.append(records(1, 9, 'a'));
    await journal.saveSnapshots([settled('a', 9)]);
    const bySize = { ...everything, keepSince: 0, recordsMax: 5 };
    expect(await journal.compact(bySize)).toMatchObject({ removed: 5, more: true, heldAt: null });
    expect(await journal.compact(bySize)).toMatchObject({ removed: 3, more: false, heldAt: null });
    expect(await journal.compact(bySize)).toMatchObject({ removed: 0, more: false, heldAt: null });
    await journal.close();
    const { contents } = await reopen();
    expect(contents).toEqual({ snapshots: [settled('a', 9)], records: [], lastSeq: 9 });
  });

  it('never removes a record that is newer than the snapshot of its actor, and says which', async () => {
    await journal.append([record(1, 'a'), record(2, 'b'), record(3, 'a'), record(4, 'b')]);
    expect(await journal.compact(everything)).toMatchObject({ removed: 0, heldAt: 1 });
    await journal.saveSnapshots([settled('a', 3)]);
    expect(await journal.compact(everything)).toMatchObject({ removed: 1, more: false, heldAt: 2 });
    await journal.close();
    const { contents } = await reopen();
    expect(contents.records).toEqual([record(2, 'b'), record(4, 'b')]);
  });

  it('never removes a record whose intent is unanswered', async () => {
    await journal.append(records(1, 6, 'a'));
    await journal.saveSnapshots([{ ...snapshot('a', 6), pending: [{ ...unanswered, id: '3.0' }] }]);
    expect(await journal.compact(everything)).toMatchObject({ removed: 2, heldAt: 3 });
    await journal.saveSnapshots([settled('a', 6)]);
    expect(await journal.compact(everything)).toMatchObject({ removed: 3, heldAt: null });
  });

  it('keeps one earlier snapshot of an actor for each day', async () => {
    const day = 86_400_000;
    const days = [0, 0.5, 1, 1.5, 2, 2.5];
    await journal.append(days.map((at, index) => ({ ...record(index + 1, 'a'), at: at * day })));
    for (const [index] of days.entries()) await journal.saveSnapshots([settled('a', index + 1)]);
    expect((await journal.snapshots('a')).map(({ seq }) => seq)).toEqual([1, 3, 5, 6]);
  });

  it('keeps an earlier snapshot for as long as every record of its actor behind it', async () => {
    await journal.append(records(1, 8, 'a'));
    for (const seq of [3, 6, 8]) await journal.saveSnapshots([settled('a', seq)]);
    expect(await journal.snapshots('a')).toEqual([settled('a', 3), settled('a', 8)]);
    await journal.compact({ ...everything, recordsMax: 3 });
    expect(await journal.snapshots('a')).toEqual([settled('a', 3), settled('a', 8)]);
    await journal.compact({ ...everything, recordsMax: 1 });
    expect(await journal.snapshots('a')).toEqual([settled('a', 8)]);
  });

  it('goes on after everything of a forgotten actor was compacted', async () => {
    await journal.append([record(1, 'a'), record(2, 'b'), record(3, 'b')]);
    await journal.saveSnapshots([{ actor: 'a', seq: 1, snapshot: null }, settled('b', 3)]);
    expect(await journal.compact(everything)).toMatchObject({ removed: 2 });
    await journal.append([record(4, 'a')]);
    await journal.close();
    const { contents } = await reopen();
    expect(contents).toEqual({ snapshots: [settled('b', 3)], records: [record(4, 'a')], lastSeq: 4 });
  });

  it('takes nothing after it was closed', async () => {
    await Promise.all([journal.close(), journal.close()]);
    await journal.close();
    await expect(journal.append([record(1)])).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
  });
});

const unanswered = { id: '', intent: { type: 'lock.acquire', params: {} } };
const settled = (actor: string, seq: number) => ({ ...snapshot(actor, seq), pending: [] });
