// More events than fit into a turn: the next turn is stepped while the journal writes the first.
import { beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { memoryJournal, type MemoryJournal } from '../../adapters/journal/memory.ts';
import { stateOf } from '../../src/core/state.ts';
import { Engine } from '../../src/daemon/engine.ts';
import { silentLog as log } from '../../src/daemon/log.ts';
import { done } from '../../src/ports/outcome.ts';
import { event, specified } from '../machines/events.ts';

const silent = () => {};
const path = 'path/d1/1';
const offered = event('path.offered', { modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null });
const granted = done({ epoch: 3, modifyIndex: 10, evidence: null });
/** With the offer, as many as a turn takes. */
const others = Array.from({ length: 31 }, (_, index) => `path/d1/${String(index + 2)}`);

let clock: ReturnType<typeof virtualClock>;
let journal: MemoryJournal;
let engine: Engine;
let asked: string[];

const settle = () => clock.advanceAndSettle(0);
const stateNow = () => stateOf(engine.registry.ensure(path).snapshot);

beforeEach(async () => {
  clock = virtualClock();
  journal = memoryJournal();
  asked = [];
  const effects = new Proxy({}, {
    get: (_, type: string) => () => {
      asked.push(type);
      return type === 'lock.acquire' ? Promise.resolve(granted) : new Promise(silent);
    },
  });
  engine = new Engine({
    journal, clock, log, mailboxEvents: 1_000, commandsPerKind: 4,
    effects: () => effects, beforeTurn: silent, mayServe: () => true, onRecord: silent,
  });
  await engine.recover();
  void engine.post(path, specified, null);
  await settle();
});

async function burst(): Promise<void> {
  for (const other of others) void engine.post(other, specified, null);
  void engine.post(path, offered, null);
  void engine.post(path, event('path.unwanted', { reason: 'because' }), null);
  await settle();
}

describe('more than fits into a turn', () => {
  it('is stepped from where the first turn leaves its actors, and changes nothing before it is durable', async () => {
    const release = journal.hang();
    await burst();
    expect({ state: stateNow(), asked }).toEqual({ state: 'unlocked.idle', asked: [] });
    release();
    await settle();
    expect({ state: stateNow(), asked }).toEqual({
      state: 'releasing.unlocking',
      asked: ['lock.acquire', 'lock.release'],
    });
  });

  const disks: [string, () => void][] = [['writes', silent], ['hangs', () => void journal.hang()]];
  it.each(disks)('is adopted in the order of its records when the disk %s', async (_, meet) => {
    const adopted: number[] = [];
    engine.follow(({ seq }) => adopted.push(seq));
    meet();
    await burst();
    await clock.advanceAndSettle(500);
    expect(adopted.slice(0, 33)).toEqual(Array.from({ length: 33 }, (_, index) => index + 2));
  });
});
