// What keeps the journal small: snapshots first, then the oldest records, a few at a time, never while it hangs.
import { beforeEach, expect, it } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { memoryJournal, type MemoryJournal } from '../../adapters/journal/memory.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { Engine } from '../../src/daemon/engine.ts';
import { silentLog as log } from '../../src/daemon/log.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import { diskSettings } from '../machines/samples.ts';

const everything = { keepDays: 0, maxMegabytes: 0 };
const day = 86_400_000;

let clock: ReturnType<typeof virtualClock>;
let journal: MemoryJournal;
let engine: Engine;

async function startEngine(port: JournalPort): Promise<Engine> {
  const made = new Engine({
    journal: port, clock, log, mailboxEvents: 10_000, commandsPerKind: 4, retention: { keepDays: 1, maxMegabytes: 100 },
    effects: () => ({}), beforeTurn: () => {}, mayServe: () => true, onRecord: () => {},
  });
  await made.recover();
  return made;
}

const settle = () => clock.advanceAndSettle(0);
const specify = async (actor: string, count = 1) => {
  for (let each = 0; each < count; each += 1) {
    const settings = { ...diskSettings, wwn: String(each) };
    void engine.post(actor, { type: 'disk.specified', settings } as DomainEvent, null);
  }
  await settle();
};
const seqs = () => journal.image.records.map(([seq]) => seq);
const compact = async () => {
  const done = engine.retention.compact(everything);
  for (let step = 0; step < 50; step += 1) await clock.advanceAndSettle(20);
  return done;
};

beforeEach(async () => {
  clock = virtualClock();
  journal = memoryJournal();
  engine = await startEngine(journal);
});

it('stores the snapshots that are missing, and then removes all but the newest record', async () => {
  await specify('disk/d1', 600);
  await specify('disk/d2', 100);
  expect(await compact()).toMatchObject({ removed: 699, heldAt: null });
  expect([...journal.image.snapshots].map(([actor, [, seq]]) => [actor, seq])).toEqual([['disk/d1', 600],
    ['disk/d2', 700]]);
  expect(seqs()).toEqual([700]);
});

it('removes a few hundred records at a time, with a pause between', async () => {
  await specify('disk/d1', 900);
  const done = engine.retention.compact(everything);
  await settle();
  expect(seqs()).toHaveLength(650);
  await clock.advanceAndSettle(20);
  expect(seqs()).toHaveLength(400);
  await clock.advanceAndSettle(1_000);
  expect(await done).toMatchObject({ removed: 899 });
});

it('looks once a minute by itself', async () => {
  await specify('disk/d1', 10);
  await clock.advanceAndSettle(day - 120_000);
  expect(seqs()).toHaveLength(10);
  await clock.advanceAndSettle(240_000);
  expect(seqs()).toHaveLength(1);
});

it('covers actors that were recovered and told nothing since', async () => {
  await specify('disk/d1', 10);
  journal = journal.crash();
  engine = await startEngine(journal);
  expect(await compact()).toMatchObject({ removed: 9, heldAt: null });
});

it('leaves the journal alone while it hangs', async () => {
  await specify('disk/d1', 10);
  const release = journal.hang();
  await specify('disk/d1', 1);
  await clock.advanceAndSettle(500);
  expect(engine.scribe.isHealthy).toBe(false);
  expect(await compact()).toMatchObject({ removed: 0 });
  release();
  await settle();
});

it('stores snapshots the next time when they could not be stored', async () => {
  let isFull = true;
  const flaky: JournalPort = {
    ...journal,
    saveSnapshots: (rows) => (isFull ? Promise.reject(new Error('no space')) : journal.saveSnapshots(rows)),
  };
  await journal.close();
  engine = await startEngine(flaky);
  await specify('disk/d1', 5);
  expect(await compact()).toMatchObject({ removed: 0, heldAt: 1 });
  isFull = false;
  expect(await compact()).toMatchObject({ removed: 4, heldAt: null });
});

it('stores an actor again whose intent was answered by the record of another', async () => {
  // The disk tells the path, in one turn, that it holds nothing; the path's record in the next turn settles that.
  void engine.post('disk/d1', { type: 'disk.unneeded', path: 'path/d1/1' } as DomainEvent, null);
  let pendingOnce = 0;
  engine.follow(({ actor }) => {
    if (actor === 'disk/d1') void engine.retention.compact(everything);
    pendingOnce += 1;
  });
  for (let step = 0; step < 5; step += 1) await clock.advanceAndSettle(20);
  expect(pendingOnce).toBe(2);
  await specify('disk/d9');
  await compact();
  const stored = JSON.parse(journal.image.snapshots.get('disk/d1')?.[2] ?? '{}') as { pending: unknown[] };
  expect(stored.pending).toEqual([]);
  expect(engine.registry.ensure('disk/d1').pending.size).toBe(0);
});

it('stores an actor again whose intent was answered before the start', async () => {
  await specify('disk/d1');
  void engine.post('disk/d1', { type: 'disk.unneeded', path: 'path/d1/1' } as DomainEvent, null);
  engine.follow(({ actor }) => {
    if (actor === 'disk/d1') void engine.retention.compact(everything);
  });
  await settle();
  const pendingOf = () =>
    (JSON.parse(journal.image.snapshots.get('disk/d1')?.[2] ?? '{}') as { pending: unknown[] }).pending;
  expect(pendingOf()).toHaveLength(1);
  journal = journal.crash();
  engine = await startEngine(journal);
  await compact();
  expect(pendingOf()).toEqual([]);
});

it('stores every snapshot once a day', async () => {
  await specify('disk/d1', 3);
  await clock.advanceAndSettle(day - 60_000);
  expect(journal.image.snapshots.size).toBe(0);
  await clock.advanceAndSettle(120_000);
  expect([...journal.image.snapshots.keys()]).toEqual(['disk/d1']);
});
