// disk-path.md §1–2 as sentences.
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../machines/intent.ts';
import { definition } from '../../src/core/definition.ts';
import { stateOf, tagsOf } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import { explore, givenIn, routeTo } from './explore.ts';
import { given } from './given.ts';
import { pseudoRandom } from './random.ts';
import { lost, samples, settings, stranger } from './samples.ts';

const event = (type: string, fields: object = {}): DomainEvent => ({ type, ...fields });
const because = { reason: 'because' };
const specified = event('path.specified', { settings });
const offered = (fields: object = {}) =>
  event('path.offered', { modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, ...fields });
const granted = (evidence: object | null = null) => event('lock.granted', { epoch: 3, modifyIndex: 10, evidence });
const proven = (session: string) => event('exclusion.proven', { session, method: 'self' });
const nothingLeft = event('path.observed', { address: false, portal: false });
const addressLeft = event('path.observed', { address: true, portal: false });
const free = event('address.probed', { answeredBy: null });
const path = given('path/d1/1');
const claiming = path.after(specified, offered());
const preparing = claiming.after(granted());
const blocked = preparing.after(event('disk.ready'), free);
const added = blocked.after(event('traffic.blocked'));
const opening = added.after(event('address.added'), event('lock.confirmed'));
const enabled = opening.after(event('portal.opened'), event('traffic.unblocked'));
const epoch = 3;

describe('a path is taken in order:', () => {
  it('it waits for its turn', () => {
    const waiting = path.after(specified).when(offered({ rank: 1, delayMs: 250 }));
    waiting.thenIn('unlocked.waiting', ['timer.arm']).thenAsks('timer.arm', { name: 'turn', ms: 250 });
    waiting.when(event('turn.due')).thenIn('locking.acquiring', ['lock.acquire']);
  });

  it('an offer at once ends the wait, and its timer', () => {
    path.after(specified, offered({ delayMs: 250 })).when(offered({ modifyIndex: 8 }))
      .thenIn('locking.acquiring', ['timer.cancel', 'lock.acquire'])
      .thenAsks('lock.acquire', { key: 'paths/d1/1', expectedModifyIndex: 8 });
  });

  it('a path that is no longer offered is waited for no longer', () => {
    const waiting = path.after(specified, offered({ delayMs: 250 }));
    waiting.when(event('path.notOffered', because)).thenIn('unlocked.idle', ['timer.cancel']);
    waiting.when(event('lease.lost', because)).thenIn('unlocked.idle', ['timer.cancel']);
  });

  it('the lock first, keeping whom it was lost by', () => {
    path.after(specified).when(offered({ evidence: lost })).thenIn('locking.acquiring', ['lock.acquire'])
      .thenAsks('lock.acquire', { key: 'paths/d1/1', expectedModifyIndex: 7, evidence: lost });
  });

  it('then storage, while the network is asked for the IP', () => {
    claiming.when(granted()).thenIn('mapped.preparing', ['disk.require', 'address.probe'])
      .thenAsks('disk.require', { to: 'disk/d1', path: 'path/d1/1' })
      .thenAsks('address.probe', { ip: settings.ip, port: settings.port, epoch });
  });

  it('storage alone is not enough, nor is a free IP', () => {
    preparing.when(event('disk.ready')).thenIn('mapped.preparing', []);
    preparing.when(free).thenIn('mapped.preparing', []);
  });

  it('then packets are held back, in whichever order the two came', () => {
    preparing.after(event('disk.ready')).when(free).thenIn('mapped.blocking', ['traffic.block']);
    preparing.after(free).when(event('disk.ready')).thenIn('mapped.blocking', ['traffic.block']);
  });

  it('then the IP, then one more look at the lock, then the portal', () => {
    blocked.when(event('traffic.blocked')).thenIn('mapped.addressing', ['address.add'])
      .thenAsks('address.add', { ip: settings.ip, prefix: 24, interface: 'eth1', epoch });
    added.when(event('address.added')).thenIn('mapped.confirming', ['lock.confirm'])
      .thenAsks('lock.confirm', { key: 'paths/d1/1', epoch });
    added.after(event('address.added')).when(event('lock.confirmed')).thenIn('mapped.opening', ['portal.open'])
      .thenAsks('portal.open', { iqn: settings.iqn, ip: settings.ip, port: 3260, epoch });
  });

  it('and is announced only when the portal answers', () => {
    opening.when(event('portal.opened')).thenIn('mapped.unblocking', ['traffic.unblock']);
    opening.after(event('portal.opened')).when(event('traffic.unblocked')).thenIn('enabled', ['address.announce'])
      .thenContext({ failures: 0, trouble: null }).thenTagged('serving');
  });
});

describe('the last owner', () => {
  const proving = path.after(specified, offered({ evidence: lost }), granted(lost));

  it('is waited for before anything local is touched', () => {
    claiming.when(granted(lost)).thenIn('locking.proving.waiting', []).thenContext({ evidence: lost });
  });

  it('is cleared from the lock once it is proven, and only then is storage asked for', () => {
    proving.when(proven(lost.session)).thenIn('locking.clearing', ['lock.clear']);
    proving.after(proven(lost.session)).when(event('lock.cleared'))
      .thenIn('mapped.preparing', ['disk.require', 'address.probe']).thenContext({ evidence: null });
  });

  it('is not proven by the proof of somebody else', () => {
    proving.when(proven(stranger.session)).thenIgnored();
  });

  it('needs an operator when every method failed, and no longer when one proves it after all', () => {
    const stuck = proving.when(event('exclusion.failed', { session: lost.session, reason: 'none left' }));
    stuck.thenIn('locking.proving.stuck', []).thenTagged('needsOperator').thenContext({ trouble: 'none left' });
    stuck.when(proven(lost.session)).thenIn('locking.clearing', ['lock.clear']);
    proving.when(event('exclusion.failed', { session: stranger.session, reason: 'none left' })).thenIgnored();
  });

  it('stays named in the lock when the path is given up while it is unproven', () => {
    proving.when(event('path.unwanted', because)).thenIn('releasing.unlocking', ['lock.release'])
      .thenAsks('lock.release', { key: 'paths/d1/1', epoch, evidence: lost });
  });

  it('stays named when the path was unwanted before the lock was even granted', () => {
    const unwanted = path.after(specified, offered({ evidence: lost }), event('path.unwanted', because));
    unwanted.when(granted(lost)).thenIn('releasing.unlocking', ['lock.release'])
      .thenAsks('lock.release', { evidence: lost });
  });

  it('stays named when nobody can say whether it was cleared', () => {
    const doubted = proving.after(proven(lost.session), event('lock.clearUnknown', because));
    expect(doubted.state).toBe('locking.clearingAgain');
    doubted.when(event('retry.due')).thenIn('locking.clearing', ['lock.clear']);
    doubted.when(event('path.unwanted', because)).thenIn('releasing.unlocking', ['timer.cancel', 'lock.release'])
      .thenAsks('lock.release', { evidence: lost });
  });

  it('is not named any more when the path is given up after it was proven', () => {
    const given = proving.after(proven(lost.session), event('path.unwanted', because), event('lock.cleared'));
    expect(given.snapshot.context).toMatchObject({ evidence: null });
    expect(given.state).toBe('releasing.blocking');
  });
});

describe('a lock that was asked for', () => {
  it('and is held back by Consul is asked for again, with the newest offer', () => {
    const delayed = claiming.when(event('lock.acquireRefused', { ...because, code: 'delayed' }));
    delayed.thenIn('locking.backingOff', ['timer.arm']).thenAsks('timer.arm', { name: 'retry', ms: 200 });
    delayed.after(offered({ modifyIndex: 9 })).when(event('retry.due')).thenIn('locking.acquiring', ['lock.acquire'])
      .thenAsks('lock.acquire', { expectedModifyIndex: 9 });
  });

  it('and went to somebody else is given up', () => {
    claiming.when(event('lock.acquireRefused', { ...because, code: 'held' })).thenContext({ lock: null, offer: null });
  });

  it('and whose answer got lost is read before anything is decided', () => {
    const reading = claiming.after(event('lock.acquireUnknown', because), event('retry.due'));
    expect(reading.state).toBe('locking.reading');
    const observed = (fields: object) => event('lock.observed', { epoch, modifyIndex: 10, evidence: null, ...fields });
    reading.when(observed({ mine: true })).thenIn('mapped.preparing', ['disk.require', 'address.probe']);
    reading.when(observed({ mine: true, evidence: lost })).thenIn('locking.proving.waiting', []);
    reading.when(observed({ mine: false })).thenIn('unlocked.idle', []);
    reading.when(event('lock.readUnknown', because)).thenIn('locking.doubting', ['timer.arm']);
    reading.when(event('lock.readRefused', because)).thenIn('locking.doubting', ['timer.arm']);
  });

  it('and is ours although the path is unwanted by now is given back', () => {
    const unwanted = claiming.after(event('lock.acquireUnknown', because), event('path.unwanted', because));
    unwanted.after(event('retry.due')).when(event('lock.observed', { mine: true, epoch, modifyIndex: 10, evidence: null }))
      .thenIn('releasing.unlocking', ['lock.release']);
  });

  it('backs off longer each time, up to two seconds', () => {
    let again = claiming;
    for (const ms of [200, 400, 800, 1600, 2000, 2000]) {
      const delayed = again.when(event('lock.acquireRefused', { ...because, code: 'delayed' }));
      delayed.thenAsks('timer.arm', { ms });
      again = delayed.after(event('retry.due'));
    }
  });
});

const statesOf = (top: string) => [...explore('disk-path').routes.keys()].filter((state) => state.split('.')[0] === top);

describe.each(['lock.lost', 'lease.lost'])('when %s', (type) => {
  it.each(statesOf('locking'))('in %s nothing local has to go: the path is not ours', (state) => {
    givenIn('disk-path', state).when(event(type, because)).thenIn('unlocked.idle', []).thenContext({ lock: null });
  });

  it.each([...statesOf('mapped'), ...statesOf('enabled'), ...statesOf('releasing')])(
    'in %s everything local is torn down from the start, with no lock to write', (state) => {
      const fenced = givenIn('disk-path', state).when(event(type, because));
      fenced.thenIn('fenced.blocking', ['traffic.block']);
      expect(fenced.state).not.toContain('serving');
    },
  );

  it.each(statesOf('fenced'))('in %s the teardown just goes on', (state) => {
    givenIn('disk-path', state).when(event(type, because)).thenIgnored();
  });
});

describe('every refusal and every doubt', () => {
  const bad = (type: string) => samples['disk-path'].filter((each) => each.type.startsWith(`${type}Re`) || each.type === `${type}Unknown`);
  const takingSteps = [
    ['mapped.preparing', 'address.probe'], ['mapped.blocking', 'traffic.block'], ['mapped.addressing', 'address.add'],
    ['mapped.opening', 'portal.open'], ['mapped.unblocking', 'traffic.unblock'],
  ] as const;

  it.each(takingSteps)('in %s to %s gives the path up and counts as a failure', (state, asked) => {
    for (const answer of bad(asked)) {
      givenIn('disk-path', state).when(answer).thenIn('releasing.blocking', ['traffic.block']).thenContext({ failures: 1 });
    }
  });

  it('of the last look at the lock keeps the portal closed: refused is lost, unknown is given up', () => {
    const confirming = added.after(event('address.added'));
    confirming.when(event('lock.confirmRefused', because)).thenIn('fenced.blocking', ['traffic.block']);
    confirming.when(event('lock.confirmUnknown', because)).thenIn('releasing.blocking', ['traffic.block']);
  });

  it('of the disk gives the path up', () => {
    preparing.when(event('disk.failed', because)).thenIn('releasing.blocking', ['traffic.block']).thenContext({ failures: 1 });
  });

  const teardown = [
    ['blocking', 'traffic.block', 'closing', 'portal.close'], ['closing', 'portal.close', 'removing', 'address.remove'],
    ['removing', 'address.remove', 'verifying', 'path.observe'],
  ] as const;
  const both = ['releasing', 'fenced'].flatMap((top) => teardown.map((each) => [top, ...each] as const));

  it.each(both)('while %s.%s to %s does not stop the next step', (top, at, asked, next, then) => {
    for (const answer of bad(asked)) givenIn('disk-path', `${top}.${at}`).when(answer).thenIn(`${top}.${next}`, [then]);
  });

  it.each(['releasing', 'fenced'])('to read back while %s is no proof: it is done all over again', (top) => {
    const verifying = givenIn('disk-path', `${top}.verifying`);
    for (const answer of [...bad('path.observe'), addressLeft]) {
      verifying.when(answer).thenIn(`${top}.retrying`, ['timer.arm']).when(event('retry.due'))
        .thenIn(`${top}.blocking`, ['traffic.block']);
    }
  });
});

describe('giving up', () => {
  const releasing = enabled.after(event('path.unwanted', because));

  it('holds back packets, closes, removes, reads back, frees the disk, and only then returns the lock', () => {
    enabled.when(event('path.unwanted', { reason: 'moved by ada: because' }))
      .thenIn('releasing.blocking', ['traffic.block']).thenContext({ trouble: 'moved by ada: because' })
      .when(event('traffic.blocked')).thenIn('releasing.closing', ['portal.close'])
      .when(event('portal.closed')).thenIn('releasing.removing', ['address.remove'])
      .when(event('address.removed')).thenIn('releasing.verifying', ['path.observe'])
      .when(nothingLeft).thenIn('releasing.freeing', ['disk.unneed'])
      .when(event('disk.freed')).thenIn('releasing.unlocking', ['lock.release'])
      .thenAsks('lock.release', { evidence: null, epoch })
      .when(event('lock.released')).thenIn('releasing.unblocking', ['traffic.unblock']).thenContext({ lock: null })
      .when(event('traffic.unblocked')).thenIn('unlocked.idle', []);
  });

  it('keeps the lock until its return is certain', () => {
    const unlocking = givenIn('disk-path', 'releasing.unlocking');
    const doubted = unlocking.when(event('lock.releaseUnknown', because));
    doubted.thenIn('releasing.unlockingAgain', ['timer.arm']).thenTagged('holding');
    doubted.when(event('retry.due')).thenIn('releasing.unlocking', ['lock.release']);
    unlocking.when(event('lock.releaseRefused', { ...because, code: 'lost' })).thenContext({ lock: null });
  });

  it('never returns the lock while IP or portal may be here', () => {
    for (const { from, intents } of explore('disk-path').edges) {
      const served = /^(mapped|enabled|releasing\.(blocking|closing|removing|verifying|retrying|stuck))/.test(from.state);
      if (served) expect(intents.map(({ type }) => type), from.state).not.toContain('lock.release');
    }
  });

  it.each(['releasing', 'fenced'])('that will not finish while %s asks for an operator, and still goes on', (top) => {
    let verifying = givenIn('disk-path', `${top}.verifying`);
    for (let failure = 1; failure <= 5; failure += 1) {
      verifying = again(verifying.when(addressLeft).thenIn(`${top}.retrying`, ['timer.arm']));
    }
    const stuck = verifying.when(addressLeft).thenIn(`${top}.stuck`, ['timer.arm']).thenTagged('needsOperator');
    stuck.thenContext({ trouble: 'the IP would not go away' });
    again(stuck).when(nothingLeft).thenIn(`${top}.freeing`, ['disk.unneed']);
  });

  it('starts its count anew when authority is lost on the way', () => {
    again(releasing.after(event('traffic.blocked'), event('portal.closed'), event('address.removed')).when(addressLeft))
      .when(event('lock.lost', because)).thenIn('fenced.blocking', ['traffic.block']).thenContext({ tries: 0 });
  });

  const again = (retrying: typeof enabled) =>
    retrying.after(event('retry.due'), event('traffic.blocked'), event('portal.closed'), event('address.removed'));
});

describe('an IP that answers from elsewhere', () => {
  const conflicted = preparing.after(event('disk.ready')).when(event('address.probed', { answeredBy: '02:00:00:00:00:09' }));

  it('is not claimed, and an operator is asked for', () => {
    conflicted.thenIn('mapped.conflicted', ['timer.arm']).thenTagged('needsOperator')
      .thenContext({ trouble: '10.0.1.1 already answers on the network, from 02:00:00:00:00:09' });
  });

  it('is asked for again until it is free, and then the path is prepared anew', () => {
    const asked = conflicted.when(event('retry.due')).thenIn('mapped.reprobing', ['address.probe']);
    asked.when(event('address.probed', { answeredBy: 'x' })).thenIn('mapped.conflicted', ['timer.arm']);
    asked.when(event('address.probeUnknown', because)).thenIn('mapped.conflicted', ['timer.arm']);
    asked.when(free).thenIn('mapped.preparing', ['disk.require', 'address.probe']).thenContext({ diskReady: false });
  });

  it('can be given up', () => {
    conflicted.when(event('path.unwanted', because)).thenIn('releasing.blocking', ['traffic.block']);
  });
});

describe('a new daemon', () => {
  it('opens what it already serves once more, and gives it up when that is refused', () => {
    const resumed = enabled.when(event('path.resumed'));
    resumed.thenIn('enabled', ['portal.open']).thenAsks('portal.open', { ip: settings.ip, epoch });
    resumed.when(event('portal.openRefused', because)).thenIn('releasing.blocking', ['traffic.block']);
  });
});

describe('what is found on the node', () => {
  it('missing, of a path that is served, gives it up', () => {
    enabled.when(event('dataplane.missing', because)).thenIn('releasing.blocking', ['traffic.block']).thenContext({ failures: 1 });
  });

  it.each(statesOf('unlocked'))('left over, in %s, is torn down', (state) => {
    const found = givenIn('disk-path', state);
    const knows = found.state === state && (found.snapshot.context as { settings: unknown }).settings !== null;
    const specifiedThere = knows ? found : found.after(specified);
    specifiedThere.when(event('dataplane.leftover', because)).thenIn('fenced.blocking', ['traffic.block'])
      .thenAsks('traffic.block', { ip: settings.ip });
  });

  it('left over, of a path that nobody specified, is nobody’s to remove', () => {
    path.when(event('dataplane.leftover', because)).thenIgnored();
  });
});

describe('a failure', () => {
  const fail = (from: typeof enabled) =>
    from.after(
      event('traffic.blockRefused', because), event('traffic.blocked'), event('portal.closed'), event('address.removed'),
      nothingLeft, event('disk.freed'), event('lock.released'),
    );

  it('makes the node hold back, longer each time, up to a minute', () => {
    let bidding = path.after(specified);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      const cooling = fail(bidding.after(offered(), granted(), event('disk.ready'), free)).when(event('traffic.unblocked'));
      cooling.thenIn('unlocked.cooling', ['timer.arm']).thenAsks('timer.arm', { name: 'cooldown', ms });
      cooling.when(offered()).thenIgnored();
      bidding = cooling.after(event('cooldown.due'));
    }
  });

  it('is forgotten once the path was served', () => {
    const served = fail(blocked).after(event('traffic.unblocked'), event('cooldown.due'), offered(), granted(),
      event('disk.ready'), free, event('traffic.blocked'), event('address.added'), event('lock.confirmed'),
      event('portal.opened'), event('traffic.unblocked'));
    expect(served.snapshot.context).toMatchObject({ failures: 0 });
  });
});

describe('an operator', () => {
  it.each([...explore('disk-path').routes.keys()])('may ask for a move in %s, and the state stays', (state) => {
    givenIn('disk-path', state).when(event('operator.release', { by: 'ada', reason: 'test', to: 'n2' }))
      .thenIn(state, ['move.request']).thenAsks('move.request', { disk: 'd1', index: 1, to: 'n2', by: 'ada', reason: 'test' });
  });

  it('hears that a move is over, in whatever state', () => {
    enabled.when(event('path.moveEnded', { modifyIndex: 9 })).thenIn('enabled', ['move.clear'])
      .thenAsks('move.clear', { modifyIndex: 9 });
  });
});

describe('no way leads to serving', () => {
  const order = ['lock', 'proof', 'address.added', 'lock.confirmed', 'portal.opened'];

  /** Which of the conditions the history since the path was last unlocked has met, in their order. */
  const metBy = (history: readonly DomainEvent[]): readonly string[] => {
    const met: string[] = [];
    const needed = history.find(({ type }) => type === 'lock.granted' || type === 'lock.observed') as
      | { evidence: { session: string } | null } | undefined;
    if (needed === undefined) return met;
    met.push('lock');
    const excluded = history.findIndex((each) => each.type === 'exclusion.proven' &&
      (each as unknown as { session: string }).session === needed.evidence?.session);
    const cleared = history.findIndex(({ type }, at) => type === 'lock.cleared' && at > excluded);
    if (needed.evidence === null || (excluded >= 0 && cleared > excluded)) met.push('proof');
    let from = Math.max(0, cleared);
    for (const type of order.slice(2)) {
      const at = history.findIndex((each, position) => position >= from && each.type === type);
      if (at < 0) return met;
      met.push(type);
      from = at;
    }
    return met;
  };

  it('that leaves out the lock, the proof, the IP, the last look or the portal', () => {
    expect(metBy(routeTo('disk-path', 'enabled'))).toEqual(order);
  });

  it.each([11, 12, 13, 14])('on a walk of 5 000 likely events (seed %i)', (seed) => {
    const of = definition('disk-path');
    const random = pseudoRandom(seed);
    const likely = likelyIn();
    let { snapshot } = path;
    let history: DomainEvent[] = [];
    let served = 0;
    for (let turn = 0; turn < 5_000; turn += 1) {
      const heard = likely.get(stateOf(snapshot));
      const all = samples['disk-path'];
      const onwards = all.filter(({ type }) => heard?.has(type));
      const next = random.pick(onwards.length === 0 || random.below(10) === 0 ? all : onwards);
      const { next: after, ignored } = step(of, snapshot, next);
      if (!ignored) history.push(next);
      const before = stateOf(snapshot);
      snapshot = after;
      const state = stateOf(snapshot);
      if (state.startsWith('unlocked')) history = [];
      if (tagsOf(snapshot).includes('serving') && before !== state) {
        served += 1;
        expect(metBy(history)).toEqual(order);
      }
    }
    expect(served).toBeGreaterThan(5);
  });

  /** What carries a path on from each state; the walk takes other events now and then. */
  const likelyIn = (): ReadonlyMap<string, ReadonlySet<string>> => {
    const rough = /lost|unwanted|leftover|missing|failed|Refused|Unknown/;
    const likely = new Map<string, Set<string>>();
    for (const { from, to, event: each, ignored } of explore('disk-path').edges) {
      if (ignored || to.state === from.state || rough.test(each.type)) continue;
      likely.set(from.state, (likely.get(from.state) ?? new Set()).add(each.type));
    }
    return likely;
  };
});
