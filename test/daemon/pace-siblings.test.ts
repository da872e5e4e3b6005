// A node that is drained and serves several paths of one disk: its initiators keep one of them.
import { describe, expect, it } from 'vitest';
import type { PathLock } from '../../src/core/view.ts';
import type { Local, LocalPath } from '../../src/daemon/local.ts';
import { localWith, lockOf, pathIn, said, specWith, stamped, viewWith } from './translate-given.ts';

const drains = new Map([['n1', stamped({ by: 'ada', reason: 'new kernel', at: 0 })]]);
const [sample] = specWith({}).paths;
const bothPaths = sample === undefined ? [] : [sample, { ...sample, index: 2, ip: '10.0.0.2' }];
const served = (disk: string, index: number): LocalPath =>
  ({ ...pathIn('enabled'), id: `path/${disk}/${String(index)}`, disk, index });
const movedTo2 = lockOf({ holder: 's2', node: 'n2', modifyIndex: 30 });

interface Given {
  /** Disks that n1 serves one path of, beside d1. */
  readonly others?: number;
  /** Of d1/1. */
  readonly lock?: PathLock;
  /** By node, then path. */
  readonly connections?: Readonly<Record<string, unknown>>;
  readonly local?: Partial<Local>;
}

/** What n1 gives up: it serves d1/2, d1/1 unless `lock` says otherwise, and the only path of the others. */
function givenUp({ others = 0, lock = lockOf(), connections = {}, local = {} }: Given) {
  const names = Array.from({ length: others }, (_, at) => `d${String(at + 2)}`);
  const first = { ...(lock.node === 'n1' ? served('d1', 1) : pathIn('unlocked.idle')), id: 'path/d1/1' };
  const paths = [first, served('d1', 2), ...names.map((disk) => served(disk, 1))];
  const locks = new Map([['d1/1', lock], ['d1/2', lockOf({ index: 2 })],
    ...names.map((disk): [string, PathLock] => [`${disk}/1`, lockOf({ disk })])]);
  const disks = new Map([['d1', stamped(specWith({ paths: bothPaths }))],
    ...names.map((disk) => [disk, stamped(specWith({}))] as const)]);
  const records = new Map(Object.entries(connections).map(([node, paths]) => [node, JSON.stringify(paths)]));
  const view = viewWith({ drains, locks, disks, connections: records });
  return said(view, localWith(null, { paths: new Map(paths.map((path) => [path.id, path])), ...local }))
    .filter(({ type }) => type === 'path.unwanted').map(({ actor }) => actor);
}

describe('a node that is drained and serves two paths of a disk', () => {
  const before = { 'd1/1': ['10.1.0.9 40000'], 'd1/2': ['10.2.0.9 40001'] };

  it('gives up one of them, and a path of another disk when there is room for two', () => {
    expect(givenUp({ others: 60 })).toEqual(['path/d1/1', 'path/d2/1']);
  });

  it('keeps the other one until the initiators are back on the first, and goes on with other disks', () => {
    const connections = { n1: before, n2: {} };
    expect(givenUp({ lock: movedTo2, connections })).toEqual([]);
    expect(givenUp({ lock: movedTo2, connections, others: 1 })).toEqual(['path/d2/1']);
  });

  it('waits for each of the initiators', () => {
    const two = { ...before, 'd1/1': ['10.1.0.8 40000', '10.1.0.9 40000'] };
    const connections = { n1: two, n2: { 'd1/1': ['10.1.0.9 41000'] } };
    expect(givenUp({ lock: movedTo2, connections, local: { elapsedMs: () => 3_000 } })).toEqual([]);
  });

  it('gives up the other one when they are back, from whichever port', () => {
    const connections = { n1: before, n2: { 'd1/1': ['10.1.0.9 41000'] } };
    expect(givenUp({ lock: movedTo2, connections, local: { elapsedMs: () => 3_000 } })).toEqual(['path/d1/2']);
  });

  it('does not take for back who was there when the new owner had the path before', () => {
    const connections = { n1: before, n2: before };
    expect(givenUp({ lock: movedTo2, connections, local: { elapsedMs: () => 2_999 } })).toEqual([]);
  });

  it('does not wait where no initiator would notice', () => {
    expect(givenUp({ lock: movedTo2 })).toEqual(['path/d1/2']);
    expect(givenUp({ lock: movedTo2, connections: { n1: { 'd1/1': ['10.1.0.9 40000'] } } })).toEqual(['path/d1/2']);
    expect(givenUp({ lock: movedTo2, connections: { n1: 'no list' } })).toEqual(['path/d1/2']);
  });

  it('waits no longer than ten seconds for initiators that do not come back', () => {
    const given = { lock: movedTo2, connections: { n1: before } };
    expect(givenUp({ ...given, local: { elapsedMs: () => 9_999 } })).toEqual([]);
    expect(givenUp({ ...given, local: { elapsedMs: () => 10_000 } })).toEqual(['path/d1/2']);
  });

  it('does not wait for them when it leaves: its daemon has to end in time', () => {
    const local = { leaving: true, joined: false };
    expect(givenUp({ lock: movedTo2, connections: { n1: before }, local })).toEqual(['path/d1/2']);
  });
});
