import { describe, it } from 'vitest';
import { because, event } from './events.ts';
import { given } from './given.ts';
import { diskSettings } from './samples.ts';

const one = { path: 'path/d1/1' };
const two = { path: 'path/d1/2' };
const attached = event('backstore.attached', { backing: { kind: 'memory', path: 'd1', sizeBytes: 1 } });
const detached = given('disk/d1').after(event('disk.specified', { settings: diskSettings }));
const attaching = detached.after(event('disk.required', one));
const ready = attaching.after(attached, event('target.defined'));
const removing = ready.after(event('disk.unneeded', one));

describe('a disk on one node', () => {
  it('attaches the image, defines the target, and tells everybody who asked meanwhile', () => {
    detached.when(event('disk.required', one)).thenIn('attaching', ['backstore.attach']);
    attaching.after(event('disk.required', two)).when(attached).thenIn('defining', ['target.define'])
      .when(event('target.defined')).thenIn('ready', ['path.tellReady', 'path.tellReady']);
  });

  it('is shared: a sibling is told at once, and letting go of one keeps it for the other', () => {
    const shared = ready.when(event('disk.required', two)).thenIn('ready', ['path.tellReady'])
      .thenAsks('path.tellReady', { to: two.path });
    shared.when(event('disk.unneeded', one)).thenIn('ready', ['path.tellFreed'])
      .thenAsks('path.tellFreed', { to: one.path });
  });

  it.each([['attaching', attaching], ['defining', attaching.after(attached)]])(
    'is shared in %s, too: who lets go does not wait for the other to let go', (state, disk) => {
      disk.after(event('disk.required', two)).when(event('disk.unneeded', two)).thenIn(state, ['path.tellFreed'])
        .thenAsks('path.tellFreed', { to: two.path }).thenContext({ users: [one.path], leaving: [] });
    });

  it('frees the last path only after target and image are gone', () => {
    ready.when(event('disk.unneeded', one)).thenIn('removing', ['target.remove'])
      .when(event('target.removed')).thenIn('detaching', ['backstore.detach'])
      .when(event('backstore.detached')).thenIn('detached', ['path.tellFreed'])
        .thenAsks('path.tellFreed', { to: one.path });
  });

  it('attaches again when it is required while it is being removed', () => {
    removing.after(event('disk.required', two), event('target.removed')).when(event('backstore.detached'))
      .thenIn('attaching', ['path.tellFreed', 'backstore.attach']).thenContext({ users: [two.path] });
  });

  it.each(['backstore.attachRefused', 'backstore.attachUnknown'])('tells everybody when %s, and removes the rest',
    (type) => {
    attaching.after(event('disk.required', two)).when(event(type, because))
      .thenIn('removing', ['path.tellFailed', 'path.tellFailed', 'target.remove']).thenContext({ users: [] });
  });

  it('frees a stranger at once', () => {
    detached.when(event('disk.unneeded', two)).thenIn('detached', ['path.tellFreed'])
      .thenAsks('path.tellFreed', { to: two.path });
  });

  it('tries to remove again, and asks for an operator after a while', () => {
    let again = removing;
    for (let failure = 1; failure <= 5; failure += 1) {
      again = again.when(event('target.removeUnknown', because)).thenIn('retrying', ['timer.arm'])
        .after(event('retry.due'));
    }
    again.when(event('target.removeRefused', because)).thenIn('stuck', ['timer.arm']).thenTagged('needsOperator')
      .when(event('retry.due')).thenIn('removing', ['target.remove']);
  });
});
