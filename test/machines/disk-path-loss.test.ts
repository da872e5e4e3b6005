// How a path is lost, given up, refused and repaired: disk-path.md §1–2 as sentences.
import { describe, expect, it } from 'vitest';
import { because, event, granted, offered, specified } from './events.ts';
import { explore, givenIn } from './explore.ts';
import { given } from './given.ts';
import { samples, settings } from './samples.ts';

const nothingLeft = event('path.observed', { address: false, portal: false });
const addressLeft = event('path.observed', { address: true, portal: false });
const free = event('address.probed', { answeredBy: null });
const path = given('path/d1/1');
const claiming = path.after(specified, offered());
const preparing = claiming.after(granted());
const added = preparing.after(event('disk.ready'), free, event('traffic.blocked'));
const opening = added.after(event('address.added'), event('lock.confirmed'));
const enabled = opening.after(event('portal.opened'), event('traffic.unblocked'));
const epoch = 3;

const statesOf = (top: string) => [...explore('disk-path').routes.keys()].filter((state) =>
  state.split('.')[0] === top);

/** What a state calls off when it is left. */
const calledOff: Readonly<Record<string, readonly string[]>> = {
  'mapped.preparing': ['timer.cancel'], 'mapped.adopting': ['timer.cancel'], enabled: ['address.stopAnnouncing'],
};
const leaving = (state: string, ...then: readonly string[]) => [...(calledOff[state] ?? []), ...then];

describe.each(['lock.lost', 'lease.lost'])('when %s', (type) => {
  it.each(statesOf('locking'))('in %s nothing local has to go: the path is not ours', (state) => {
    givenIn('disk-path', state).when(event(type, because)).thenIn('unlocked.idle', []).thenContext({ lock: null });
  });

  it.each([...statesOf('mapped'), ...statesOf('enabled'), ...statesOf('releasing')])(
    'in %s everything local is torn down from the start, with no lock to write', (state) => {
      const fenced = givenIn('disk-path', state).when(event(type, because));
      fenced.thenIn('fenced.blocking', leaving(state, 'traffic.block'));
      expect(fenced.state).not.toContain('serving');
    },
  );

  it.each(statesOf('fenced'))('in %s the teardown just goes on', (state) => {
    givenIn('disk-path', state).when(event(type, because)).thenIgnored();
  });
});

describe('every refusal and every doubt', () => {
  const bad = (type: string) => samples['disk-path'].filter((each) =>
    each.type.startsWith(`${type}Re`) || each.type === `${type}Unknown`);
  const takingSteps = [
    ['mapped.preparing', 'address.probe'], ['mapped.preparing', 'traffic.block'], ['mapped.addressing', 'address.add'],
    ['mapped.opening', 'portal.open'], ['mapped.unblocking', 'traffic.unblock'],
  ] as const;

  it.each(takingSteps)('in %s to %s gives the path up and counts as a failure', (state, asked) => {
    for (const answer of bad(asked)) {
      givenIn('disk-path', state).when(answer).thenIn('releasing.blocking', leaving(state, 'traffic.block'))
        .thenContext({ failures: 1 });
    }
  });

  it('of the last look at the lock keeps the portal closed: refused is lost, unknown is given up', () => {
    const confirming = added.after(event('address.added'));
    confirming.when(event('lock.confirmRefused', because)).thenIn('fenced.blocking', ['traffic.block']);
    confirming.when(event('lock.confirmUnknown', because)).thenIn('releasing.blocking', ['traffic.block']);
  });

  it('of the disk gives the path up', () => {
    preparing.when(event('disk.failed', because))
      .thenIn('releasing.blocking', ['timer.cancel', 'traffic.block']).thenContext({ failures: 1 });
  });

  it('of a disk that stays silent for 30 s gives the path up too: its lock may help another node', () => {
    claiming.when(granted()).thenAsks('timer.arm', { name: 'prepare', ms: 30_000 });
    preparing.after(free).when(event('prepare.due'))
      .thenIn('releasing.blocking', ['timer.cancel', 'traffic.block'])
      .thenContext({ failures: 1, trouble: 'the disk was not ready within 30 s' });
  });

  it('comes too late for a path that is prepared already', () => {
    added.when(event('prepare.due')).thenIgnored();
  });

  const teardown = [
    ['blocking', 'traffic.block', 'closing', 'portal.close'], ['closing', 'portal.close', 'removing', 'address.remove'],
    ['removing', 'address.remove', 'verifying', 'path.observe'],
  ] as const;
  const both = ['releasing', 'fenced'].flatMap((top) =>
    teardown.map(([at, asked, next, then]) => [top, at, asked, next, then] as const));

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
      .thenIn('releasing.blocking', ['address.stopAnnouncing', 'traffic.block'])
      .thenContext({ trouble: 'moved by ada: because' })
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
    const served = /^(mapped|enabled|releasing\.(blocking|closing|removing|verifying|retrying|stuck))/;
    const returned = explore('disk-path').edges.filter(({ from, intents }) =>
      served.test(from.state) && intents.some(({ type }) => type === 'lock.release'));
    expect(returned.map(({ from, event: { type } }) => `${from.state} ${type}`)).toEqual([]);
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
  const conflicted = preparing.after(event('disk.ready'))
    .when(event('address.probed', { answeredBy: '02:00:00:00:00:09' }));

  it('is not claimed, and an operator is asked for', () => {
    conflicted.thenIn('mapped.conflicted', ['timer.cancel', 'timer.arm']).thenTagged('needsOperator')
      .thenContext({ trouble: '10.0.1.1 already answers on the network, from 02:00:00:00:00:09' });
  });

  it('is asked for again until it is free, and then the path is prepared anew', () => {
    const asked = conflicted.when(event('retry.due')).thenIn('mapped.reprobing', ['address.probe']);
    asked.when(event('address.probed', { answeredBy: 'x' })).thenIn('mapped.conflicted', ['timer.arm']);
    asked.when(event('address.probeUnknown', because)).thenIn('mapped.conflicted', ['timer.arm']);
    asked.when(free).thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm'])
      .thenContext({ diskReady: false });
  });

  it('can be given up', () => {
    conflicted.when(event('path.unwanted', because)).thenIn('releasing.blocking', ['traffic.block']);
  });
});

describe('a new daemon', () => {
  it('opens what it already serves once more, and gives it up when that is refused', () => {
    const resumed = enabled.when(event('path.resumed'));
    resumed.thenIn('enabled', ['portal.open']).thenAsks('portal.open', { ip: settings.ip, epoch });
    resumed.when(event('portal.openRefused', because))
      .thenIn('releasing.blocking', ['address.stopAnnouncing', 'traffic.block']);
  });
});

describe('what is found on the node', () => {
  it('missing, of a path that is served, gives it up', () => {
    enabled.when(event('dataplane.missing', because))
      .thenIn('releasing.blocking', ['address.stopAnnouncing', 'traffic.block']).thenContext({ failures: 1 });
  });

  it.each(statesOf('locking'))('left over, in %s, is torn down before the path is claimed further', (state) => {
    givenIn('disk-path', state).when(event('dataplane.leftover', because))
      .thenIn('fenced.blocking', ['traffic.block']).thenContext({ trouble: 'because' });
  });

  it('left over, while it is being torn down or taken, is that work’s own', () => {
    for (const state of [...statesOf('mapped'), ...statesOf('enabled'), ...statesOf('releasing'),
      ...statesOf('fenced')]) {
      givenIn('disk-path', state).when(event('dataplane.leftover', because)).thenIgnored();
    }
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
      event('traffic.blockRefused', because), event('traffic.blocked'), event('portal.closed'),
        event('address.removed'),
      nothingLeft, event('disk.freed'), event('lock.released'),
    );

  it('makes the node hold back, longer each time, up to a minute', () => {
    let bidding = path.after(specified);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      const cooling = fail(bidding.after(offered(), granted(), event('disk.ready'), free))
        .when(event('traffic.unblocked'));
      cooling.thenIn('unlocked.cooling', ['timer.arm']).thenAsks('timer.arm', { name: 'cooldown', ms });
      cooling.when(offered()).thenIgnored();
      bidding = cooling.after(event('cooldown.due'));
    }
  });

  it('is forgotten once the path was served', () => {
    const served = fail(preparing).after(event('traffic.unblocked'), event('cooldown.due'), offered(), granted(),
      event('disk.ready'), free, event('traffic.blocked'), event('address.added'), event('lock.confirmed'),
      event('portal.opened'), event('traffic.unblocked'));
    expect(served.snapshot.context).toMatchObject({ failures: 0 });
  });
});

describe('an operator', () => {
  it.each([...explore('disk-path').routes.keys()])('may ask for a move in %s, and the state stays', (state) => {
    givenIn('disk-path', state).when(event('operator.release', { by: 'ada', reason: 'test', to: 'n2' }))
      .thenIn(state, ['move.request'])
        .thenAsks('move.request', { disk: 'd1', index: 1, to: 'n2', by: 'ada', reason: 'test' });
  });

  it('hears that a move is over, in whatever state', () => {
    enabled.when(event('path.moveEnded', { modifyIndex: 9 })).thenIn('enabled', ['move.clear'])
      .thenAsks('move.clear', { modifyIndex: 9 });
  });
});
