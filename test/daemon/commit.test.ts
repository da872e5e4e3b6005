// The commit order on a journal that hangs, fails and comes back. No real time, no real disk.
import { beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { memoryJournal, type MemoryJournal } from '../../adapters/journal/memory.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { silentLog as log } from '../../src/daemon/log.ts';
import { Engine } from '../../src/daemon/engine.ts';
import type { Facts } from '../../src/daemon/dispatcher.ts';
import { stateOf } from '../../src/core/state.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';
import { event } from '../machines/events.ts';
import { diskSettings, settings } from '../machines/samples.ts';

const silent = () => {};
const path = 'path/d1/1';
const offered = event('path.offered', { modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null });
const unwanted = event('path.unwanted', { reason: 'because' });

interface Asked {
  readonly type: string;
  answer(outcome: Outcome<Facts | null>): Promise<void>;
}

let clock: ReturnType<typeof virtualClock>;
let journal: MemoryJournal;
let asked: Asked[];
let engine: Engine;
let mayServe: boolean;

const settle = () => clock.advanceAndSettle(0);
const post = (actor: string, ...events: readonly DomainEvent[]) => {
  for (const each of events) void engine.post(actor, each, null);
  return settle();
};
const stateNow = (actor: string) => stateOf(engine.registry.ensure(actor).snapshot);
const typesAsked = () => asked.map(({ type }) => type);
const answer = async (type: string, facts: Facts | null = null) => {
  const at = asked.findIndex((each) => each.type === type);
  const found = asked[at];
  if (found === undefined) throw new Error(`${type} was not asked for; ${typesAsked().join(', ')} were`);
  asked.splice(at, 1);
  await found.answer(done(facts));
};
const recordsOf = async (actor: string) => (await journal.read({ actor, limit: 1_000 })).map((record) =>
  record.event.type);

async function startEngine(mailboxEvents = 1_000): Promise<Engine> {
  const effects = new Proxy({}, {
    get: (_, type: string) => () => {
      const { promise, resolve } = Promise.withResolvers<Outcome<Facts | null>>();
      asked.push({ type, answer: (outcome) => (resolve(outcome), settle()) });
      return promise;
    },
  });
  const made = new Engine({
    journal, clock, log, mailboxEvents, commandsPerKind: 4,
    effects: () => effects, beforeTurn: silent, mayServe: () => mayServe, onRecord: silent,
  });
  await made.recover();
  return made;
}

beforeEach(async () => {
  clock = virtualClock();
  journal = memoryJournal();
  asked = [];
  mayServe = true;
  engine = await startEngine();
  await post('disk/d1', event('disk.specified', { settings: diskSettings }));
  await post(path, event('path.specified', { settings }));
});

const grant = () => answer('lock.acquire', { epoch: 3, modifyIndex: 10, evidence: null });

/** The journal hangs from the grant on; gives what ends that. The path is torn down as far as the disk. */
async function losesItsLeaseAsItIsGranted(): Promise<() => void> {
  await post(path, offered);
  const release = journal.hang();
  await grant();
  await clock.advanceAndSettle(500);
  await post(path, event('lease.lost', { reason: 'because' }));
  // Once as it was asked for when the path was taken, which is superseded, and once for giving it up.
  for (const type of ['traffic.block', 'traffic.block', 'portal.close', 'address.remove']) await answer(type);
  await answer('path.observe', { address: false, portal: false });
  return release;
}

describe('how long an actor is in its state', () => {
  it('counts from its first record, also when that changed no state', async () => {
    await clock.advanceAndSettle(5_000);
    await post('path/d1/2', event('path.specified', { settings }));
    expect(engine.registry.ensure('path/d1/2').since).toBe(clock.wallMs());
  });

  it('counts from the last change of state', async () => {
    await clock.advanceAndSettle(5_000);
    await post(path, offered);
    expect(engine.registry.ensure(path).since).toBe(clock.wallMs());
  });
});

describe('the world', () => {
  it('changes only after the record is durable', async () => {
    const release = journal.hang();
    await post(path, offered);
    expect({ state: stateNow(path), asked: typesAsked() }).toEqual({ state: 'unlocked.idle', asked: [] });
    release();
    await settle();
    expect({ state: stateNow(path), asked: typesAsked() })
      .toEqual({ state: 'locking.acquiring', asked: ['lock.acquire'] });
  });

  it('does not hear of events that mean nothing: they are not stored', async () => {
    const before = await recordsOf(path);
    await post(path, event('turn.due'), event('lock.granted', { epoch: 1, modifyIndex: 1, evidence: null }));
    expect(await recordsOf(path)).toEqual(before);
  });

  it('answers too late when the intent was superseded: the answer is dropped', async () => {
    await post(path, offered);
    await grant();
    expect(typesAsked()).toContain('traffic.block');
    await post(path, event('lock.lost', { reason: 'because' }));
    await answer('traffic.block');
    expect(stateNow(path)).toBe('fenced.blocking');
    await answer('traffic.block');
    expect(stateNow(path)).toBe('fenced.closing');
  });

  it('is not touched by a machine that cannot take the event, and nothing is stored', async () => {
    const before = await recordsOf(path);
    await post(path, event('xstate.stop'));
    expect(await recordsOf(path)).toEqual(before);
  });
});

describe('while the journal hangs', () => {
  const served = async () => {
    await post(path, offered);
    await grant();
    await answer('backstore.attach', { backing: { kind: 'memory', path: 'd1', sizeBytes: 1 } });
    await answer('target.define');
    await answer('address.probe', { answeredBy: null });
    for (const type of ['traffic.block', 'address.add', 'lock.confirm', 'portal.open',
      'traffic.unblock']) await answer(type);
    expect(stateNow(path)).toBe('enabled');
    asked.length = 0;
  };

  it('a path is still given up', async () => {
    await served();
    journal.hang();
    await post(path, event('lease.lost', { reason: 'because' }));
    await clock.advanceAndSettle(500);
    for (const type of ['traffic.block', 'portal.close', 'address.remove']) await answer(type);
    expect(stateNow(path)).toBe('fenced.verifying');
  });

  it('nothing is taken, until its record is durable', async () => {
    const release = journal.hang();
    await post(path, offered);
    await clock.advanceAndSettle(500);
    expect({ state: stateNow(path), asked: typesAsked() }).toEqual({ state: 'locking.acquiring', asked: [] });
    release();
    await settle();
    expect(typesAsked()).toEqual(['lock.acquire']);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'nothing is taken before its own record, even when an older one gets through %i moments earlier',
      async (moments) => {
      const release = journal.hang();
      await post(path, event('path.specified', { settings: { ...settings, prefix: 25 } }));
      await clock.advanceAndSettle(500);
      release();
      for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
      const hold = journal.hang();
      void engine.post(path, offered, null);
      await settle();
      const durable = journal.image.records.some((row) => JSON.stringify(row).includes('path.offered'));
      expect({ durable, asked: typesAsked() }).toEqual({ durable, asked: durable ? ['lock.acquire'] : [] });
      hold();
    },
  );

  it('a disk does not hear that it is required after it heard that it is not', async () => {
    const release = await losesItsLeaseAsItIsGranted();
    expect(typesAsked()).not.toContain('backstore.attach');
    release();
    for (let turn = 0; turn < 5; turn += 1) await settle();
    await answer('backstore.attach', { backing: { kind: 'memory', path: 'd1', sizeBytes: 1 } });
    for (const type of ['target.define', 'target.remove', 'backstore.detach']) await answer(type);
    expect({ path: stateNow(path), disk: stateNow('disk/d1'), asked: typesAsked() })
      .toEqual({ path: 'fenced.unblocking', disk: 'detached', asked: ['address.probe', 'traffic.unblock'] });
    expect(engine.registry.ensure('disk/d1').snapshot.context).toMatchObject({ users: [] });
  });
});

describe('while the journal hangs for long', () => {
  it('what would start to serve is refused, so that whoever waits for it can let go', async () => {
    const release = await losesItsLeaseAsItIsGranted();
    expect(stateNow(path)).toBe('fenced.freeing');
    await clock.advanceAndSettle(2_000);
    for (const type of ['target.remove', 'backstore.detach', 'traffic.unblock']) await answer(type);
    expect({ path: stateNow(path), disk: stateNow('disk/d1') }).toEqual({ path: 'unlocked.idle', disk: 'detached' });
    release();
    for (let turn = 0; turn < 5; turn += 1) await settle();
    expect(typesAsked()).not.toContain('backstore.attach');
    expect(await recordsOf('disk/d1')).toContain('backstore.attachRefused');
  });
});

describe('when the journal fails', () => {
  it('taking is refused, and the records are written in order when the disk is back', async () => {
    const mend = journal.fail('no space');
    await post(path, offered);
    expect(typesAsked()).toEqual([]);
    mend();
    await clock.advanceAndSettle(1_000);
    const seqs = (await journal.read({ limit: 1_000 })).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    expect(await recordsOf(path)).toContain('path.offered');
  });

  it('while a path is being prepared, the path is given up and does not wait for ever', async () => {
    await post(path, offered);
    journal.fail('no space');
    await grant();
    expect(stateNow(path)).toBe('releasing.blocking');
  });
});

describe('the mailbox', () => {
  it('refuses news when it is full, and never an answer', async () => {
    engine = await startEngineAgain(2);
    await post(path, offered);
    journal.hang();
    void engine.post('disk/d1', event('disk.specified', { settings: { ...diskSettings, wwn: '0000000000000002' } }),
      null);
    await settle();
    for (let at = 0; at < 3; at += 1) void engine.post('disk/d1', event('retry.due'), null);
    await grant();
    await clock.advanceAndSettle(500);
    expect(stateNow(path)).toBe('mapped.preparing');
  });

  async function startEngineAgain(mailboxEvents: number): Promise<Engine> {
    journal = journal.crash();
    return startEngine(mailboxEvents);
  }
});

describe('a node whose lease is over', () => {
  it('takes nothing', async () => {
    mayServe = false;
    await post(path, offered);
    expect(typesAsked()).toEqual([]);
    expect(stateNow(path)).toMatch(/^unlocked/);
  });
});

describe('what a recipient is told', () => {
  it('settles the intent of the asker in the same record', async () => {
    await post(path, offered);
    await grant();
    const pending = [...engine.registry.ensure(path).pending.values()].map(({ type }) => type);
    expect(pending).toEqual(['address.probe', 'traffic.block', 'timer.arm']);
    expect(stateNow('disk/d1')).toBe('attaching');
  });

  it('a late answer does not revive a path that is unwanted', async () => {
    await post(path, offered, unwanted);
    await grant();
    expect(typesAsked()).toEqual(['lock.release']);
  });
});
