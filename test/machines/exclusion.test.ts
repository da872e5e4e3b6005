import { describe, it } from 'vitest';
import { because, event } from './events.ts';
import { given } from './given.ts';

const watching = given('exclusion/s1');
const methods = [
  { method: 'self', waitMs: 1_000 }, { method: 'command', position: 1 }, { method: 'leaseBound', boundMs: 9_000 },
];
const wanted = (list: readonly object[]) => event('exclusion.wanted', { node: 'n2', methods: list });

describe('the exclusion of a lost incarnation', () => {
  it('tries the methods in their order', () => {
    watching.when(wanted(methods)).thenIn('waiting', ['timer.arm']).thenAsks('timer.arm', { name: 'wait', ms: 1_000 })
      .when(event('wait.due')).thenIn('fencing', ['timer.cancel', 'fence.run'])
      .thenAsks('fence.run', { node: 'n2', session: 's1', position: 1 })
      .when(event('fence.runRefused', because)).thenIn('waiting', ['timer.arm']).thenAsks('timer.arm', { ms: 9_000 })
      .when(event('wait.due')).thenIn('publishing', ['timer.cancel', 'exclusion.publish'])
      .thenAsks('exclusion.publish', { state: 'proven', method: 'leaseBound', node: 'n2', session: 's1' });
  });

  it('gives a hint, and lets the next method prove', () => {
    const list = [{ method: 'sshPoweroff', position: 0 }, { method: 'fenceAgent', position: 1 }];
    watching.when(wanted(list)).thenIn('fencing', ['fence.run']).thenAsks('fence.run', { position: 0 })
      .when(event('fence.runRefused', because)).thenIn('fencing', ['fence.run']).thenAsks('fence.run', { position: 1 })
      .when(event('fence.proven', { evidence: 'off' })).thenIn('publishing', ['exclusion.publish'])
      .thenAsks('exclusion.publish', { state: 'proven', method: 'fenceAgent' });
  });

  it('counts a fence command in doubt as no proof (defect 2)', () => {
    watching.after(wanted([{ method: 'command', position: 0 }])).when(event('fence.runUnknown', because))
      .thenIn('failing', ['exclusion.publish', 'timer.arm']).thenAsks('exclusion.publish', { state: 'failed' })
      .thenTagged('needsOperator');
  });

  it('begins again with the first method after a while when none is left', () => {
    watching.after(wanted([{ method: 'command', position: 0 }]), event('fence.runRefused', because))
      .when(event('retry.due')).thenIn('fencing', ['fence.run']);
    watching.when(wanted([])).thenIn('failing', ['exclusion.publish', 'timer.arm']);
  });

  it('publishes until the proof stands', () => {
    const publishing = watching.after(wanted([{ method: 'command', position: 0 }]), event('fence.proven',
      { evidence: 'off' }));
    const again = publishing.when(event('exclusion.publishUnknown', because)).thenIn('publishingAgain', ['timer.arm']);
    again.when(event('retry.due')).thenIn('publishing', ['exclusion.publish'])
      .thenAsks('exclusion.publish', { evidence: 'off' })
      .when(event('exclusion.published')).thenIn('published', []);
  });

  it('is left to the node that is elected', () => {
    watching.after(wanted(methods)).when(event('exclusion.notElected')).thenIn('watching', ['timer.cancel']);
  });

  it('is over when it is proven from elsewhere, whatever was tried', () => {
    const proven = event('exclusion.proven', { session: 's1', method: 'operator' });
    watching.after(wanted(methods)).when(proven).thenIn('proven', ['timer.cancel']);
    watching.after(wanted([])).when(proven).thenIn('proven', []);
  });
});

describe('maintenance', () => {
  const list = [{ method: 'command', position: 0 }, { method: 'fenceAgent', position: 1 }];
  const refused = event('fence.runRefused', { ...because, code: 'maintenance' });
  const paused = watching.after(wanted(list), refused);

  it('lets the command that runs come to its end, and no next one begin', () => {
    const next = watching.after(wanted(list)).when(event('fence.runRefused', because)).thenIn('fencing', ['fence.run']);
    next.when(refused).thenIn('paused', []).thenTagged('settled');
    watching.after(wanted(list)).when(event('fence.proven', { evidence: 'off' })).thenIn('publishing', [
      'exclusion.publish',
    ]);
  });

  it('is no failure of the methods, and asks for no operator', () => {
    paused.when(event('wait.due')).thenIgnored();
    paused.when(event('retry.due')).thenIgnored();
  });

  it('ends, and the first method is tried again', () => {
    paused.when(wanted(list)).thenIn('fencing', ['fence.run']).thenAsks('fence.run', { position: 0 });
  });

  it('keeps no proof out, and leaves the exclusion to the node that is elected', () => {
    paused.when(event('exclusion.proven', { session: 's1', method: 'operator' })).thenIn('proven', []);
    paused.when(event('exclusion.notElected')).thenIn('watching', []);
  });
});
