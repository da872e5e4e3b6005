import { describe, it } from 'vitest';
import { because, event } from './events.ts';
import { given } from './given.ts';

const refused = (verb: string, code: string) => event(`${verb}Refused`, { ...because, code });
const started = event('node.started', { instance: 'i1', bootId: 'b1' });
const recovering = given('node').after(started);
const joined = recovering.after(
  refused('session.find', 'none'), event('session.created', { session: 's1' }), event('node.registered',
    { modifyIndex: 12 }),
);

describe('a node that starts', () => {
  it('looks for its last session first, wherever it was', () => {
    given('node').when(started).thenIn('recovering', ['session.find'])
      .thenAsks('session.find', { session: null, instance: 'i1' });
    joined.when(started).thenIn('recovering', ['session.find']).thenAsks('session.find', { session: 's1' });
  });

  it('goes on with a session that still lives, and makes one when there is none', () => {
    recovering.when(event('session.found', { session: 's1' })).thenIn('registering', ['node.register'])
      .when(event('node.registered', { modifyIndex: 12 })).thenIn('joined', []).thenTagged('joined');
    recovering.when(refused('session.find', 'none')).thenIn('joining', ['session.create']);
  });

  it('asks again while Consul is silent, and touches nothing', () => {
    joined.after(started).when(event('session.findUnknown', because)).thenIn('recoveringAgain', ['timer.arm'])
      .when(event('retry.due')).thenIn('recovering', ['session.find']);
  });

  it('stops serving by its deadline while Consul stays silent', () => {
    const silent = joined.after(started, event('session.findUnknown', because));
    silent.when(event('lease.expired', because)).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });

  it('gives everything up when its last session is gone', () => {
    joined.after(started).when(refused('session.find', 'gone')).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });

  it('serves nothing when another daemon has its name', () => {
    recovering.when(refused('session.find', 'foreign')).thenIn('refused', []).thenTagged('needsOperator');
  });
});

describe.each(['session.lost', 'lease.expired'])('after %s', (type) => {
  const fencing = joined.after(event(type, because));

  it('everything is torn down, proven, published, and only then a new session is made', () => {
    joined.when(event(type, because)).thenIn('fencing', ['paths.fence', 'exclusion.prove'])
      .thenAsks('exclusion.prove', { session: 's1' })
      .when(event('exclusion.provenHere', { session: 's1' })).thenIn('closing', ['session.destroy'])
      .when(event('session.destroyed')).thenIn('joining', ['session.create']).thenContext({ session: null });
  });

  it('the paths are told again for as long as nothing is proven', () => {
    fencing.when(refused('exclusion.prove', 'busy')).thenIn('fencingAgain', ['timer.arm'])
      .when(event('retry.due')).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });

  it('the index of the last registration means nothing for the next session', () => {
    fencing.after(event('exclusion.provenHere', { session: 's1' })).when(event('session.destroyed'))
      .thenContext({ registeredAt: 0 });
  });
});

describe('a start without Consul', () => {
  const started = event('node.started', { instance: 'i1', bootId: 'b2' });
  const unheard = joined.when(started).thenIn('recovering', ['session.find']);

  it('touches nothing, until the own deadline passes', () => {
    unheard.when(event('session.findUnknown', because)).thenIn('recoveringAgain', ['timer.arm']);
    unheard.when(event('lease.expired', because)).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });

  it('that follows another one gives everything up: a start stands in for a contact once', () => {
    for (const before of [unheard, unheard.after(event('session.findUnknown', because))]) {
      before.when(started).thenIn('fencing', ['paths.fence', 'exclusion.prove'])
        .thenAsks('exclusion.prove', { session: 's1' });
    }
    unheard.after(event('session.found', { session: 's1' })).when(started).thenIn('recovering', ['session.find']);
  });

  it('that follows another one on the same clock counts on, from the first of them', () => {
    const at = (atMs: number, bootId = 'b2') => event('node.started', { instance: 'i1', bootId, atMs });
    const first = joined.after(at(5_000));
    first.when(at(7_000)).thenIn('recovering', ['session.find']).thenContext({ unheardSinceMs: 5_000 })
      .when(event('session.found', { session: 's1' })).thenContext({ unheardSinceMs: null });
    first.when(at(7_000, 'b3')).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
    first.when(at(4_000)).thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });

  it('gives no new lease to what is being torn down', () => {
    const again = event('node.started', { instance: 'i1', bootId: 'b2', atMs: 9_000 });
    const fencing = joined.after(event('lease.expired', because));
    for (const before of [fencing, fencing.after(refused('exclusion.prove', 'busy'))]) {
      before.when(again).thenIn('fencing', ['paths.fence', 'exclusion.prove'])
        .thenAsks('exclusion.prove', { session: 's1' });
    }
  });

  it('of a node that never had a session has nothing to give up', () => {
    given('node').after(started).when(started).thenIn('recovering', ['session.find']);
  });
});

describe('a node that leaves', () => {
  it('says so, waits until it is empty, and ends its session', () => {
    joined.when(event('node.leaveRequested')).thenIn('leaving', ['node.announceLeaving'])
      .when(event('node.emptied')).thenIn('ending', ['session.destroy'])
      .when(event('session.destroyed')).thenIn('left', []).thenContext({ session: null });
  });

  it('is fenced all the same when its session is lost on the way', () => {
    joined.after(event('node.leaveRequested')).when(event('session.lost', because))
      .thenIn('fencing', ['paths.fence', 'exclusion.prove']);
  });
});

describe('a node that a storage can refuse', () => {
  const clears = event('node.started', { instance: 'i1', bootId: 'b1', atMs: 7, clears: true });
  const first = given('node').after(clears);
  const refusedThere = event('storage.seen', { refused: ['10.0.0.1:0/0'] });
  const taken = event('storage.seen', { refused: [] });
  const checking = first.after(refused('session.find', 'none'));
  const clearing = checking.after(refusedThere);

  it('looks before it opens a session, at its first start and after a loss', () => {
    first.when(refused('session.find', 'none')).thenIn('checking', ['storage.look'])
      .when(taken).thenIn('joining', ['session.create']);
    first.after(event('session.found', { session: 's1' }), event('session.lost', because),
      event('exclusion.provenHere', { session: 's1' }))
      .when(event('session.destroyed')).thenIn('checking', ['storage.look']).thenContext({ session: null });
  });

  it('goes on with a session that lives, and neither looks nor clears', () => {
    first.when(event('session.found', { session: 's1' })).thenIn('registering', ['node.register']);
  });

  it('is cleared, and looks again before it joins', () => {
    checking.when(refusedThere).thenIn('clearing', ['storage.clear'])
      .when(event('storage.cleared', { removed: ['10.0.0.1:0/0'] })).thenIn('checking', ['storage.look'])
      .when(taken).thenIn('joining', ['session.create']);
  });

  it.each(['Refused', 'Unknown'])('asks again when nobody can say whether it is refused (%s)', (how) => {
    checking.when(event(`storage.look${how}`, because)).thenIn('checkingAgain', ['timer.arm'])
      .when(event('retry.due')).thenIn('checking', ['storage.look']);
  });

  it('tries again when it may not be cleared yet, and says why', () => {
    clearing.when(event('storage.clearRefused', { reason: 'mapped' })).thenIn('clearingAgain', ['timer.arm'])
      .thenContext({ trouble: 'mapped' }).when(event('retry.due')).thenIn('checking', ['storage.look']);
  });

  it('waits when a clearing is in doubt, also one that a daemon left behind', () => {
    const wait = { name: 'settle', ms: 120_000 };
    const doubtful = clearing.when(event('storage.clearUnknown', because)).thenIn('settling', ['timer.arm'])
      .thenAsks('timer.arm', wait);
    doubtful.when(event('settle.due')).thenIn('checking', ['storage.look']).when(taken).thenIn('joining',
      ['session.create']);
    for (const before of [doubtful, clearing]) {
      before.after(clears, refused('session.find', 'none')).when(taken).thenIn('settling', ['timer.arm'])
        .thenAsks('timer.arm', wait);
    }
  });

  it('leaves without a session while it waits', () => {
    for (const before of [checking, checking.after(event('storage.lookUnknown', because)),
      clearing.after(event('storage.clearRefused', because)), clearing.after(event('storage.clearUnknown', because))]) {
      before.when(event('node.leaveRequested')).thenIn('left', []);
    }
  });

  it('and no longer can after a start that says so, joins as ever', () => {
    checking.after(started).when(refused('session.find', 'none')).thenIn('joining', ['session.create']);
  });
});
