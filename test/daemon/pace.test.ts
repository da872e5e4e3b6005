// How many served paths a node that shall be empty gives up at a time.
import { describe, expect, it } from 'vitest';
import type { PathLock } from '../../src/core/view.ts';
import type { Local, LocalPath } from '../../src/daemon/local.ts';
import { freeLock, localWith, lockOf, pathIn, said, specWith, stamped, viewWith } from './translate-given.ts';

const drains = new Map([['n1', stamped({ by: 'ada', reason: 'new kernel', at: 0 })]]);

/** Node n1 with this many disks of one path, of which the first ones are as given, and the others are served here. */
function nodeWith(count: number, first: readonly LocalPath[] = [], firstLocks: readonly PathLock[] = []) {
  const all = Array.from({ length: count }, (_, at) => {
    const disk = `d${String(at + 1)}`;
    return { ...(first[at] ?? pathIn('enabled')), id: `path/${disk}/1`, disk };
  });
  const locks = all.map(({ disk }, at): [string, PathLock] =>
    [`${disk}/1`, { ...(firstLocks[at] ?? lockOf()), disk }]);
  const disks = new Map(all.map(({ disk }) => [disk, stamped(specWith({}))]));
  const view = viewWith({ drains, locks: new Map(locks), disks });
  const givenUp = (changes: Partial<Local> = {}, seen = {}) =>
    said({ ...view, ...seen }, localWith(null, { paths: new Map(all.map((path) => [path.id, path])), ...changes }))
      .filter(({ type }) => type === 'path.unwanted').map(({ actor }) => actor);
  return { givenUp };
}

describe('a node that is drained', () => {
  it('gives up one path at a time', () => {
    expect(nodeWith(4).givenUp()).toEqual(['path/d1/1']);
  });

  it('gives up more at a time when it has many', () => {
    expect(nodeWith(50).givenUp()).toHaveLength(1);
    expect(nodeWith(51).givenUp()).toHaveLength(2);
    expect(nodeWith(400).givenUp()).toHaveLength(8);
  });

  it.each<[string, LocalPath, PathLock]>([
    ['was told to go and has not begun to', pathIn('enabled', { giveUp: 'drained' }), lockOf()],
    ['is being released', pathIn('releasing.closingPortal'), lockOf()],
    ['is released, and the view does not show it yet', pathIn('unlocked.idle'), lockOf()],
    ['is free and not taken yet', pathIn('unlocked.idle'), freeLock()],
  ])('waits for a path that %s', (_, path, lock) => {
    expect(nodeWith(4, [path], [lock]).givenUp()).toEqual([]);
  });

  it('goes on once the path is taken', () => {
    const taken = lockOf({ holder: 's2', node: 'n2' });
    expect(nodeWith(4, [pathIn('unlocked.idle')], [taken]).givenUp()).toEqual(['path/d2/1']);
  });

  it('waits no longer than a second for a path that is stuck', () => {
    const { givenUp } = nodeWith(4, [pathIn('releasing.removingAddress')]);
    expect(givenUp({ elapsedMs: () => 999 })).toEqual([]);
    expect(givenUp({ elapsedMs: () => 1_000 })).toEqual(['path/d2/1']);
  });

  it('does not wait for a free path that nobody can take', () => {
    const { givenUp } = nodeWith(4, [pathIn('unlocked.idle')], [freeLock()]);
    expect(givenUp({}, { nodes: new Map() })).toEqual(['path/d2/1']);
  });

  it('gives up at once what is not served yet', () => {
    expect(nodeWith(4, [pathIn('locking.acquiring'), pathIn('mapped')]).givenUp())
      .toEqual(['path/d1/1', 'path/d2/1', 'path/d3/1']);
  });
});

describe('a node that leaves', () => {
  it('gives up one path at a time', () => {
    const { givenUp } = nodeWith(4);
    expect(givenUp({ leaving: true, joined: false }, { drains: new Map() })).toEqual(['path/d1/1']);
  });
});

describe('disks that are stopped', () => {
  it('are given up all at once', () => {
    const stopped = stamped(specWith({ desired: 'stopped' }));
    const disks = new Map(['d1', 'd2', 'd3', 'd4'].map((disk) => [disk, stopped]));
    expect(nodeWith(4).givenUp({}, { disks })).toHaveLength(4);
  });
});
