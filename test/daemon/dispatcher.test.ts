// How intents are carried out: lanes, gates, epochs, and what is refused before anything runs.
import { beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent, Intent } from '../../machines/intent.ts';
import { kindOf } from '../../src/core/definition.ts';
import { settle, type Pending } from '../../src/core/pending.ts';
import { newActor, type Actor } from '../../src/daemon/actor.ts';
import { noteCommand } from '../../src/daemon/commands.ts';
import { Dispatcher, type Effect, type Facts } from '../../src/daemon/dispatcher.ts';
import { done, refused, type Outcome } from '../../src/ports/outcome.ts';

interface Asked {
  readonly actor: string;
  readonly type: string;
  readonly signal: AbortSignal;
  answer(outcome?: Outcome<Facts | null>): Promise<void>;
}

let asked: Asked[];
let posted: { actor: string; event: DomainEvent; settles: string }[];
let mayServe: boolean;
let nowMs: number;
let dispatcher: Dispatcher;
let seq: number;

const turn = () => new Promise<void>((resolve) => {
  setImmediate(resolve);
});
const pathActor = (index = 1): Actor => {
  const id = `path/d1/${String(index)}`;
  const kind = kindOf(id);
  if (kind === undefined) throw new Error(`no machine answers to ${id}`);
  return newActor(id, kind);
};

/** Commits and dispatches one intent, as a turn would. */
async function dispatch(actor: Actor, type: string, params: Intent['params'] = {}): Promise<string> {
  seq += 1;
  const intent = { type, params };
  (actor as { pending: Pending }).pending = settle(actor.kind, actor.pending, null, seq, [intent]);
  dispatcher.dispatch(actor, `${String(seq)}.0`, intent);
  await turn();
  return `${String(seq)}.0`;
}

const running = () => asked.map(({ actor, type }) => `${actor} ${type}`);
const end = async (type: string, outcome: Outcome<Facts | null> = done(null)) => {
  const at = asked.findIndex((each) => each.type === type);
  const [found] = asked.splice(at, at < 0 ? 0 : 1);
  if (found === undefined) throw new Error(`${type} does not run; ${running().join(', ')} do`);
  await found.answer(outcome);
};

const effectFor = (type: string): Effect => (_, { actor, signal }) => {
  const { promise, resolve } = Promise.withResolvers<Outcome<Facts | null>>();
  asked.push({ actor, type, signal, answer: (outcome = done(null)) => (resolve(outcome), turn()) });
  return promise.then((outcome) => {
    if (type === 'portal.open') noteCommand({ command: 'open it', code: 0, durationMs: 12 });
    return outcome;
  });
};

beforeEach(() => {
  asked = [];
  posted = [];
  mayServe = true;
  nowMs = 1_000;
  seq = 0;
  dispatcher = new Dispatcher({
    effects: new Proxy({}, { get: (_, type) => (type === 'path.observe' ? broken : effectFor(String(type))) }),
    commandsPerKind: 1, mayServe: () => mayServe, monotonicMs: () => nowMs,
    post: (actor, event, settles) => posted.push({ actor, event, settles }),
    armTimer: () => {}, cancelTimer: () => {}, onBroken: () => {},
  });
});

const broken: Effect = () => Promise.reject(new TypeError('a mistake of ours'));

describe('intents of one lane', () => {
  it('run one after the other: a newer one calls off what may be called off, and waits for its end', async () => {
    const actor = pathActor();
    await dispatch(actor, 'address.add');
    const [adding] = asked;
    await dispatch(actor, 'address.remove');
    expect({ running: running(), aborted: adding?.signal.aborted }).toEqual({
      running: ['path/d1/1 address.add'], aborted: true,
    });
    await end('address.add', refused('called off'));
    expect(running()).toEqual(['path/d1/1 address.remove']);
  });

  it('let what stops come to its end', async () => {
    const actor = pathActor();
    await dispatch(actor, 'address.remove');
    const [removing] = asked;
    await dispatch(actor, 'address.remove');
    expect(removing?.signal.aborted).toBe(false);
  });

  it('are not begun when they are superseded while they wait', async () => {
    const actor = pathActor();
    await dispatch(actor, 'portal.close');
    await dispatch(actor, 'portal.open');
    await dispatch(actor, 'portal.close');
    await end('portal.close');
    expect(running()).toEqual(['path/d1/1 portal.close']);
    await end('portal.close');
    expect({ running: running(), answered: posted.map(({ settles }) => settles) })
      .toEqual({ running: [], answered: ['1.0', '3.0'] });
  });

  it('of two paths run side by side', async () => {
    await dispatch(pathActor(1), 'portal.close');
    await dispatch(pathActor(2), 'address.remove');
    expect(running()).toEqual(['path/d1/1 portal.close', 'path/d1/2 address.remove']);
  });
});

describe('the gate of a kind of command', () => {
  it('lets in what stops before what takes', async () => {
    await dispatch(pathActor(1), 'portal.open');
    await dispatch(pathActor(2), 'portal.open');
    await dispatch(pathActor(3), 'portal.close');
    await end('portal.open');
    expect(running()).toEqual(['path/d1/3 portal.close']);
  });

  it('forgets who was called off while waiting at it', async () => {
    await dispatch(pathActor(1), 'address.add');
    const second = pathActor(2);
    await dispatch(second, 'address.add');
    await dispatch(second, 'address.remove');
    await end('address.add');
    expect(running()).toEqual(['path/d1/2 address.remove']);
  });

  it('is not held by announcements: they go on while others take and stop', async () => {
    await dispatch(pathActor(1), 'address.announce');
    await dispatch(pathActor(2), 'address.announce');
    await dispatch(pathActor(3), 'address.remove');
    expect(running()).toEqual([
      'path/d1/1 address.announce', 'path/d1/2 address.announce', 'path/d1/3 address.remove',
    ]);
  });
});

describe('an announcement', () => {
  it('ends at once when the path stops being served, and nobody answers for the stop', async () => {
    const actor = pathActor();
    await dispatch(actor, 'address.announce');
    const [announcing] = asked;
    await dispatch(actor, 'address.stopAnnouncing');
    expect(announcing?.signal.aborted).toBe(true);
    await end('address.announce', refused('not served here any more'));
    await end('address.stopAnnouncing');
    expect(posted.map(({ event }) => event.type)).not.toContain('address.stopAnnouncing');
    expect(running()).toEqual([]);
  });
});

describe('what begins to serve', () => {
  it('is refused once the lease is over, and what stops is not', async () => {
    mayServe = false;
    const actor = pathActor();
    const id = await dispatch(actor, 'portal.open');
    expect(posted).toEqual([{
      actor: actor.id, event: { type: 'portal.openRefused', reason: "the node's lease is over", tookMs: 0 },
      settles: id,
    }]);
    await dispatch(actor, 'portal.close');
    expect(running()).toEqual(['path/d1/1 portal.close']);
  });

  it('is refused when the lease ended while it waited at the gate', async () => {
    await dispatch(pathActor(1), 'portal.open');
    await dispatch(pathActor(2), 'portal.open');
    mayServe = false;
    await end('portal.open');
    expect(posted.at(-1)?.event).toMatchObject({ type: 'portal.openRefused', reason: "the node's lease is over" });
    expect(running()).toEqual([]);
  });

  it('is refused under an epoch that is older than one that served', async () => {
    const actor = pathActor();
    await dispatch(actor, 'address.add', { epoch: 4 });
    await end('address.add');
    await dispatch(actor, 'portal.open', { epoch: 3 });
    expect(posted.at(-1)?.event).toMatchObject({ type: 'portal.openRefused', code: 'staleEpoch' });
    await dispatch(actor, 'portal.open', { epoch: 4 });
    expect(running()).toEqual(['path/d1/1 portal.open']);
  });

  it('may count its epochs from the start once the lock is taken anew: its key may be another one', async () => {
    const actor = pathActor();
    await dispatch(actor, 'address.add', { epoch: 4 });
    await end('address.add');
    await dispatch(actor, 'lock.acquire');
    await end('lock.acquire');
    await dispatch(actor, 'portal.open', { epoch: 1 });
    expect(running()).toEqual(['path/d1/1 portal.open']);
  });
});

describe('an effect', () => {
  it('that breaks off counts as unknown, never as refused', async () => {
    await dispatch(pathActor(), 'path.observe');
    expect(posted.map(({ event }) => event)).toEqual([
      { type: 'path.observeUnknown', reason: 'path.observe broke off: a mistake of ours', tookMs: 0 },
    ]);
  });

  it('says how long it took and how its commands ended, each intent its own', async () => {
    await dispatch(pathActor(1), 'portal.open');
    await dispatch(pathActor(2), 'lock.confirm');
    nowMs += 40;
    await end('portal.open');
    await end('lock.confirm');
    expect(posted.map(({ event }) => event)).toEqual([
      { type: 'portal.opened', tookMs: 40, commands: [{ command: 'open it', code: 0, tookMs: 12 }] },
      { type: 'lock.confirmed', tookMs: 40 },
    ]);
  });

  it('leaves its place at the gate, however it ended', async () => {
    await dispatch(pathActor(1), 'path.observe');
    await dispatch(pathActor(2), 'path.observe');
    expect({ answered: posted.length, inFlight: dispatcher.inFlight }).toEqual({ answered: 2, inFlight: 0 });
  });
});

describe('stopping', () => {
  it('ends what may be ended, and waits for what may not', async () => {
    let stopped = false;
    await dispatch(pathActor(1), 'address.add');
    await dispatch(pathActor(2), 'portal.close');
    const [adding, closing] = asked;
    void dispatcher.stop().finally(() => {
      stopped = true;
    });
    expect([adding?.signal.aborted, closing?.signal.aborted]).toEqual([true, false]);
    await end('address.add', refused('called off'));
    expect(stopped).toBe(false);
    await end('portal.close');
    expect(stopped).toBe(true);
  });
});
