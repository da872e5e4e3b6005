// How a path is taken: disk-path.md §1–2 as sentences.
import { describe, expect, it } from 'vitest';
import { because, event, granted, offered, specified } from './events.ts';
import { given } from './given.ts';
import { lost, settings, stranger } from './samples.ts';

const proven = (session: string) => event('exclusion.proven', { session, method: 'self' });
const free = event('address.probed', { answeredBy: null });
const path = given('path/d1/1');
const claiming = path.after(specified, offered());
const preparing = claiming.after(granted());
const added = preparing.after(event('traffic.blocked'), event('disk.ready'), free);
const opening = added.after(event('address.added'), event('lock.confirmed'));
const epoch = 3;

describe('a path is taken in order:', () => {
  it('its turn is waited for', () => {
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

  it('and so does an offer of an older journal, which says nothing of a proof', () => {
    const old = event('path.offered', { modifyIndex: 7, rank: 0, delayMs: 0, evidence: lost });
    path.after(specified).when(old).thenAsks('lock.acquire', { evidence: lost });
  });

  it('then storage, while the network is asked for the IP and its packets are held back', () => {
    claiming.when(granted()).thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm'])
      .thenAsks('disk.require', { to: 'disk/d1', path: 'path/d1/1' })
      .thenAsks('address.probe', { ip: settings.ip, port: settings.port, epoch });
  });

  it.each([
    ['storage', event('disk.ready'), event('traffic.blocked'), free],
    ['a free IP', free, event('disk.ready'), event('traffic.blocked')],
    ['silence', event('traffic.blocked'), free, event('disk.ready')],
  ])('%s alone is not enough; with the two others, in any order, the IP is added', (_, alone, other, last) => {
    const waiting = preparing.when(alone);
    waiting.thenIn('mapped.preparing', []);
    for (const [second, third] of [[other, last], [last, other]] as const) {
      waiting.when(second).thenIn('mapped.preparing', []);
      waiting.after(second).when(third).thenIn('mapped.addressing', ['timer.cancel', 'address.add'])
        .thenAsks('address.add', { ip: settings.ip, prefix: 24, interface: 'eth1', epoch });
    }
  });

  it('then one more look at the lock, then the portal', () => {
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
      .thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm'])
      .thenContext({ evidence: null });
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
    reading.when(observed({ mine: true }))
      .thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm']);
    reading.when(observed({ mine: true, evidence: lost })).thenIn('locking.proving.waiting', []);
    reading.when(observed({ mine: false })).thenIn('unlocked.idle', []);
    reading.when(event('lock.readUnknown', because)).thenIn('locking.doubting', ['timer.arm']);
    reading.when(event('lock.readRefused', because)).thenIn('locking.doubting', ['timer.arm']);
  });

  it('and is ours although the path is unwanted by now is given back', () => {
    const unwanted = claiming.after(event('lock.acquireUnknown', because), event('path.unwanted', because));
    unwanted.after(event('retry.due'))
      .when(event('lock.observed', { mine: true, epoch, modifyIndex: 10, evidence: null }))
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

describe('a last owner that is proven unable to write before the lock is asked for', () => {
  const asks = (proof: string | null) => path.after(specified).when(offered({ evidence: lost, proof }));

  it('is not remembered in the lock, and nothing waits for its proof', () => {
    asks('command').thenAsks('lock.acquire', { evidence: null });
    path.after(specified, offered({ evidence: lost, proof: 'command' })).when(granted())
      .thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm']);
  });

  it('is remembered while nobody has proven it', () => {
    asks(null).thenAsks('lock.acquire', { evidence: lost });
  });
});
