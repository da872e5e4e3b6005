// A target that somebody changed by hand, and one that nobody here needs.
import { describe, it } from 'vitest';
import { because, event } from './events.ts';
import { given } from './given.ts';
import { diskSettings } from './samples.ts';

const one = { path: 'path/d1/1' };
const two = { path: 'path/d1/2' };
const detached = given('disk/d1').after(event('disk.specified', { settings: diskSettings }));
const ready = detached.after(
  event('disk.required', one), event('backstore.attached', { backing: { kind: 'memory', path: 'd1', sizeBytes: 1 } }),
  event('target.defined'), event('disk.required', two),
);
const repairing = ready.after(event('target.changed', because));

/** After as many failures as it takes. */
const broken = () => {
  let disk = repairing;
  for (let failure = 1; failure <= 5; failure += 1) {
    disk = disk.when(event('target.defineRefused', because)).thenIn('repairingAgain', ['timer.arm'])
      .after(event('retry.due'));
  }
  return disk.when(event('target.defineUnknown', because));
};

describe('a target that was changed by hand', () => {
  it('is defined again, and its paths are told that they may open their portals again', () => {
    ready.when(event('target.changed', because)).thenIn('repairing', ['target.define'])
      .thenContext({ trouble: 'because' }).when(event('target.defined'))
      .thenIn('ready', ['path.tellRepaired', 'path.tellRepaired', 'path.tellReady', 'path.tellReady'])
      .thenContext({ trouble: null });
  });

  it('that cannot be put right is said to be lost, and asks for an operator', () => {
    broken().thenIn('broken', ['path.tellLost', 'path.tellLost']).thenTagged('needsOperator')
      .when(event('disk.required', { path: 'path/d1/3' })).thenIn('broken', ['path.tellFailed']);
  });

  it('goes when its last path has let go of it, and is made anew for the next', () => {
    broken().when(event('disk.unneeded', one)).thenIn('broken', ['path.tellFreed'])
      .when(event('disk.unneeded', two)).thenIn('removing', ['target.remove'])
      .after(event('target.removed'), event('backstore.detached'))
      .when(event('disk.required', one)).thenIn('attaching', ['backstore.attach']);
  });

  it.each(['repairing', 'repairingAgain'])('lets a path go in %s', (state) => {
    const disk = state === 'repairing' ? repairing : repairing.after(event('target.defineUnknown', because));
    disk.when(event('disk.unneeded', one)).thenIn(state, ['path.tellFreed'])
      .when(event('disk.unneeded', two)).thenIn('removing', ['target.remove']);
  });
});

describe('a target of ours that no path here needs', () => {
  it('is removed with its image', () => {
    detached.when(event('target.leftover', because)).thenIn('removing', ['target.remove'])
      .when(event('target.removed')).thenIn('detaching', ['backstore.detach'])
      .when(event('backstore.detached')).thenIn('detached', []);
  });

  it('means nothing while a path needs it, or when its disk is not known', () => {
    ready.when(event('target.leftover', because)).thenIgnored();
    given('disk/d1').when(event('target.leftover', because)).thenIgnored();
  });
});
