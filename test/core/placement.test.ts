import { describe, expect, it } from 'vitest';
import { freePaths, place, willingNodes } from '../../src/core/placement.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import { emptyView, wholeCluster, type ClusterView, type PathLock } from '../../src/core/view.ts';
import { pseudoRandom } from '../machines/random.ts';

interface World {
  readonly nodes: readonly string[];
  /** Number of paths by disk. */
  readonly disks: Readonly<Record<string, number>>;
  readonly held?: Readonly<Record<string, string>>;
  readonly drains?: readonly string[];
  readonly leaving?: readonly string[];
  readonly noGateways?: readonly string[];
  readonly moves?: Readonly<Record<string, { from: string; to?: string }>>;
}
const stamped = <T>(value: T) => ({ value, modifyIndex: 1 });
type Order = <T>(list: readonly T[]) => readonly T[];

function viewOf(world: World, order: Order = (list) => list): ClusterView {
  const { nodes, disks, held = {}, drains = [], leaving = [], noGateways = [], moves = {} } = world;
  const record = (node: string) => ({
    node, instance: node, bootId: '', version: '', inspector: '', since: 0, leaving: leaving.includes(node),
    roles: noGateways.includes(node) ? [] : ['gateway'],
  });
  const lock = (id: string, node: string): PathLock => ({
    disk: id.split('/')[0] ?? '', index: Number(id.split('/')[1]), holder: `session of ${node}`, node, epoch: 1,
    modifyIndex: 1, evidence: null, pendingExclusion: null,
  });
  const spec = (paths: number): DiskSpec => ({
    desired: 'started', iqn: 'iqn.2026-01.net.example:d', wwn: '0000000000000001', backstore: { kind: 'memory' },
    access: { initiators: [] },
    paths: order(Array.from({ length: paths }, (_, at) => at + 1))
      .map((index) => ({ index, ip: `10.0.0.${String(index)}`, prefix: 24, interface: 'eth1' })),
  });
  return {
    ...emptyView,
    nodes: new Map(order(nodes).map((node) =>
      [node, { record: record(node), session: `session of ${node}`, modifyIndex: 1 }])),
    disks: new Map(order(Object.entries(disks)).map(([disk, paths]) => [disk, stamped(spec(paths))])),
    locks: new Map(order(Object.entries(held)).map(([id, node]) => [id, lock(id, node)])),
    drains: new Map(drains.map((node) => [node, stamped({ by: 'ada', reason: '', at: 0 })])),
    moves: new Map(Object.entries(moves).map(([id, move]) => [id, stamped({ by: 'ada', reason: '', at: 0, ...move })])),
  };
}
const best = (view: ClusterView) => new Map([...place(view)].map(([id, ranked]) => [id, ranked[0]]));
const counts = (view: ClusterView) => {
  const totals = new Map<string | undefined, number>();
  for (const node of best(view).values()) totals.set(node, (totals.get(node) ?? 0) + 1);
  return totals;
};

describe('forty orphans', () => {
  const disks = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`d${String(at)}`, 2]));

  it.each([2, 3, 4, 5, 7])('spread evenly over %i nodes', (many) => {
    const nodes = Array.from({ length: many }, (_, at) => `n${String(at)}`);
    const totals = [...counts(viewOf({ nodes, disks })).values()];
    expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(1);
  });

  it('go to two nodes for each disk', () => {
    const placed = best(viewOf({ nodes: ['n1', 'n2', 'n3'], disks }));
    for (const disk of Object.keys(disks)) expect(placed.get(`${disk}/1`)).not.toBe(placed.get(`${disk}/2`));
  });

  it('rank every willing node once', () => {
    for (const ranked of place(viewOf({ nodes: ['n1', 'n2', 'n3'], disks })).values()) {
      expect([...ranked].sort()).toEqual(['n1', 'n2', 'n3']);
    }
  });
});

describe('a path', () => {
  const nodes = ['n1', 'n2', 'n3'];

  it('that somebody holds is nobody’s to take', () => {
    expect(freePaths(viewOf({ nodes, disks: { d1: 2 }, held: { 'd1/1': 'n1' } }))).toEqual(['d1/2']);
  });

  it('goes where its sibling is not, even when that node has more', () => {
    const held = { 'd1/1': 'n1', 'd2/1': 'n2', 'd2/2': 'n2' };
    expect(best(viewOf({ nodes: ['n1', 'n2'], disks: { d1: 2, d2: 2 }, held })).get('d1/2')).toBe('n2');
  });

  it('goes to the node that was asked for, and never back to the one it leaves', () => {
    const moves = { 'd1/1': { from: 'n1', to: 'n3' } };
    expect(place(viewOf({ nodes, disks: { d1: 1 }, moves })).get('d1/1')).toEqual(['n3', 'n2']);
  });

  it('is still offered to others when the node that was asked for is gone (defect 17)', () => {
    const moves = { 'd1/1': { from: 'n1', to: 'n9' } };
    expect([...(place(viewOf({ nodes, disks: { d1: 1 }, moves })).get('d1/1') ?? [])].sort()).toEqual(['n2', 'n3']);
  });

  it('goes to no node that is in maintenance of its own, and to any in that of the cluster', () => {
    const view = viewOf({ nodes, disks: { d1: 1 } });
    const maintenance = (of: string) => new Map([[of, stamped({ by: 'ada', reason: '', at: 0 })]]);
    expect(willingNodes({ ...view, maintenance: maintenance('n1') })).toEqual(['n2', 'n3']);
    expect(willingNodes({ ...view, maintenance: maintenance(wholeCluster) })).toEqual(nodes);
  });

  it('goes to no node that drains, leaves or is no gateway', () => {
    expect(willingNodes(viewOf({ nodes, disks: {}, drains: ['n1'], leaving: ['n2'] }))).toEqual(['n3']);
    expect(place(viewOf({ nodes, disks: { d1: 1 }, drains: nodes })).get('d1/1')).toEqual([]);
    expect(willingNodes(viewOf({ nodes, disks: {}, noGateways: ['n3'] }))).toEqual(['n1', 'n2']);
  });
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('every node computes the same from the same view, whatever its order (seed %i)',
  (seed) => {
  const random = pseudoRandom(seed);
  const nodes = Array.from({ length: 1 + random.below(6) }, (_, at) => `n${String(at)}`);
  const disks = Object.fromEntries(Array.from({ length: 1 + random.below(15) }, (_, at) =>
    [`d${String(at)}`, 1 + random.below(4)]));
  const held = Object.fromEntries(Object.keys(disks).filter(() => random.below(2) === 0).map((disk) =>
    [`${disk}/1`, random.pick(nodes)]));
  const drains = nodes.filter(() => random.below(5) === 0);
  const expected = [...place(viewOf({ nodes, disks, held, drains }))];
  const shuffled = place(viewOf({ nodes, disks, held, drains }, (list) => random.shuffle(list)));
  expect([...shuffled]).toEqual(expected);
});
