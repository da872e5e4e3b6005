import { describe, expect, it } from 'vitest';
import { viewParser, wholeCluster, type ClusterView } from '../../src/core/view.ts';
import type { ClusterEntry } from '../../src/ports/cluster.ts';

const entry = (key: string, value: unknown, fields: Partial<ClusterEntry> = {}): ClusterEntry => ({
  key, value: typeof value === 'string' ? value : JSON.stringify(value), flags: 0, createIndex: 1, modifyIndex: 5,
  lockIndex: 2, session: null, ...fields,
});
const view = (...entries: readonly ClusterEntry[]): ClusterView => viewParser()({ index: 9, entries });
const lockOf = (value: unknown, session: string | null = null) =>
  view(entry('paths/d1/1', value, { session })).locks.get('d1/1');
const one = { node: 'n1', session: 's1' };
const two = { node: 'n2', session: 's2' };

describe('whom the next taker of a path must see excluded', () => {
  it('is nobody after a clean release', () => {
    expect(lockOf('')).toMatchObject({ holder: null, evidence: null, pendingExclusion: null });
  });

  it('is the last owner when it was lost', () => {
    expect(lockOf(one)).toMatchObject({ holder: null, node: 'n1', evidence: one, pendingExclusion: null });
  });

  it('is the present owner, should it be lost', () => {
    expect(lockOf(one, 's1')).toMatchObject({ holder: 's1', node: 'n1', evidence: one });
  });

  it('is still the owner before, when the one after it never saw the proof', () => {
    expect(lockOf({ ...two, pendingExclusion: one }, 's2'))
      .toMatchObject({ holder: 's2', evidence: one, pendingExclusion: one });
    expect(lockOf({ ...two, pendingExclusion: one })).toMatchObject({ holder: null, evidence: one });
  });

  it('is what a release in dirt left behind', () => {
    expect(lockOf({ pendingExclusion: one })).toMatchObject({ holder: null, node: null, evidence: one });
  });
});

describe('a key that cannot be understood', () => {
  it.each([
    ['disks/d1', 'not JSON'], ['disks/d1', {}], ['disks', '{}'], ['nodes/n1', '[]'], ['nodes/a/b', '{}'],
    ['exclusions/s1', { state: 'maybe' }], ['moves/d1/0', '{}'], ['paths/d1', ''], ['paths/d1/x', ''],
    ['paths/d1/1', { since: 1 }], ['else/x', ''], ['maintenance', '{}'],
    ['maintenance/a/b', '{}'], ['maintenance/*', '{}'], ['settings/x', '{}'],
  ])('%s = %o is named, and nothing is taken from it', (key, value) => {
    const found = view(entry(key, value));
    expect(found.problems.map((problem) => problem.key)).toEqual([key]);
    for (const map of [found.disks, found.locks, found.nodes, found.exclusions, found.drains, found.moves]) {
      expect(map.size).toBe(0);
    }
  });

  it('with a holder but no name in it is no free path', () => {
    expect(view(entry('paths/d1/1', '', { session: 's1' })).problems).toHaveLength(1);
  });

  it.each(['settings/maintenance', 'maintenance/n1'])('is maintenance all the same: %s', (key) => {
    const found = view(entry(key, 'not JSON'));
    expect(found.problems.map((problem) => problem.key)).toEqual([key]);
    const of = key === 'maintenance/n1' ? 'n1' : wholeCluster;
    expect(found.maintenance.get(of)?.value).toMatchObject({ by: 'somebody' });
  });

  it('does not hide the others', () => {
    const drain = { by: 'ada', reason: 'test', at: 1 };
    expect(view(entry('disks/d1', '{'), entry('drains/n1', drain)).drains.get('n1')?.value).toEqual(drain);
  });
});

describe('a specification', () => {
  const path = (index: number, ip: string) => ({ index, ip, prefix: 24, interface: 'eth1' });
  const disk = (...paths: readonly object[]) => ({
    desired: 'started', iqn: 'iqn.2026-01.net.example:d1', wwn: '0000000000000001', backstore: { kind: 'memory' },
    access: { initiators: [] }, paths,
  });

  it('with one index or one address twice is refused', () => {
    expect(view(entry('disks/d1', disk(path(1, '10.0.0.1'), path(1, '10.0.0.2')))).disks.size).toBe(0);
    expect(view(entry('disks/d1', disk(path(1, '10.0.0.1'), path(2, '10.0.0.1')))).disks.size).toBe(0);
    expect(view(entry('disks/d1', disk(path(1, '10.0.0.1'), path(2, '10.0.0.2')))).disks.size).toBe(1);
  });
});

it('sees a lock that changed hands although its value stayed', () => {
  const parse = viewParser();
  parse({ index: 1, entries: [entry('paths/d1/1', one, { session: 's1' })] });
  const next = parse({ index: 2, entries: [entry('paths/d1/1', one, { session: null })] });
  expect(next.locks.get('d1/1')?.holder).toBeNull();
});
