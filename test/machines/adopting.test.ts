// A path whose lock our own session holds already: it may be served here, and must not notice.
import { describe, expect, it } from 'vitest';
import { because, event, granted, offered, specified } from './events.ts';
import { given } from './given.ts';

const idle = given('path/d1/1').after(specified);
const acquiring = idle.after(offered({ ours: true }));
const looking = acquiring.after(granted());
const here = event('path.observed', { address: true, portal: true });
const adopting = looking.after(here);
const confirming = adopting.after(event('disk.ready'));
const enabled = confirming.after(event('lock.confirmed'), event('portal.opened'), event('traffic.unblocked'));

describe('a path that is found served under our lock', () => {
  it('is looked at before anything is done, and nothing of it is blocked, closed or removed', () => {
    acquiring.when(granted()).thenIn('mapped.looking', ['path.observe'])
      .when(here).thenIn('mapped.adopting', ['disk.require', 'timer.arm'])
      .when(event('disk.ready')).thenIn('mapped.confirming', ['timer.cancel', 'lock.confirm'])
      .when(event('lock.confirmed')).thenIn('mapped.opening', ['portal.open'])
      .when(event('portal.opened')).thenIn('mapped.unblocking', ['traffic.unblock'])
      .when(event('traffic.unblocked')).thenIn('enabled', ['address.announce']);
  });

  it.each(['path.observeUnknown', 'path.observeRefused'])('is looked at again after %s', (type) => {
    looking.when(event(type, because)).thenIn('mapped.lookingAgain', ['timer.arm'])
      .when(event('retry.due')).thenIn('mapped.looking', ['path.observe']);
  });

  it('is not given up because nobody answered', () => {
    confirming.when(event('lock.confirmUnknown', because)).thenIn('mapped.lookingAgain', ['timer.arm']);
    confirming.after(event('lock.confirmed')).when(event('portal.openUnknown', because))
      .thenIn('mapped.lookingAgain', ['timer.arm']);
  });

  it('is torn down when the lock is not ours after all', () => {
    confirming.when(event('lock.confirmRefused', because)).thenIn('fenced.blocking', ['traffic.block']);
    for (const path of [looking, adopting]) {
      expect(path.when(event('lease.lost', because)).state).toBe('fenced.blocking');
    }
  });

  it('is taken as any other when it is not whole, and then given up as any other', () => {
    const taken = looking.when(event('path.observed', { address: true, portal: false }));
    taken.thenIn('mapped.preparing', ['disk.require', 'address.probe', 'traffic.block', 'timer.arm']);
    taken.after(
      event('disk.ready'), event('address.probed', { answeredBy: null }), event('traffic.blocked'),
      event('address.added'), event('lock.confirmed'),
    ).when(event('portal.openUnknown', because)).thenIn('releasing.blocking', ['traffic.block']);
  });
});

describe('a path that the journal says is served', () => {
  it('is forgotten, and nothing torn down, when our lock is of a later epoch', () => {
    enabled.when(event('path.outdated', because)).thenIn('unlocked.idle', ['address.stopAnnouncing'])
      .thenContext({ lock: null });
  });

  it('opens its portal again when its target was put right, and is given up when that failed', () => {
    enabled.when(event('disk.repaired')).thenIn('enabled', ['portal.open']);
    enabled.when(event('disk.lost', because)).thenIn('releasing.blocking', ['address.stopAnnouncing', 'traffic.block']);
  });
});
