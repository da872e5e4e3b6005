// What the node, its disks and its exclusions are told, rule by rule.
import { describe, expect, it } from 'vitest';
import { diskSettings, lost, settings } from '../machines/samples.ts';
import { freeLock, localWith, lockOf, nodeOf, pathIn, said, specWith, stamped, viewOfLock, viewWith }
  from './translate-given.ts';

const exclusion = `exclusion/${lost.session}`;
const record = (state: 'proven' | 'failed') =>
  new Map([[lost.session, stamped({ node: lost.node, state, method: 'self', by: 'n3', at: 0, evidence: 'because' })]]);
const living = ['n1', 'n3', 'n4', 'n5'];
/** n2 is lost; four others live. */
const orphaned = (changes = {}) => viewOfLock(freeLock({ evidence: lost }), {
  nodes: new Map([...living.map((node) => [node, nodeOf(node, `s of ${node}`)] as const), ['n2', nodeOf('n2', null)]]),
  ...changes,
});
const as = (node: string, changes = {}) => localWith(null, { node, session: `s of ${node}`, ...changes });
const toldTo = (actor: string, ...given: Parameters<typeof said>) =>
  said(...given).filter((each) => each.actor === actor);

describe('a lost session', () => {
  it('is excluded by exactly one living node, and every node knows which', () => {
    const wants = living.filter((node) => toldTo(exclusion, orphaned(), as(node)).length > 0);
    expect(wants).toHaveLength(1);
    expect(toldTo(exclusion, orphaned(), as(wants[0] ?? '')))
      .toEqual([{ actor: exclusion, type: 'exclusion.wanted', node: 'n2', methods: [] }]);
  });

  it('is proven by time only when the record of its node says that a watchdog stops it in time', () => {
    const methods = [{ method: 'command', position: 0 }, { method: 'leaseBound', boundMs: 36_000 }] as const;
    const methodsWhen = (standstillMs?: number) => {
      const { record: bare, ...rest } = nodeOf('n2', null);
      const record = standstillMs === undefined ? bare : { ...bare, standstillMs };
      const nodes = new Map([['n1', nodeOf('n1', 's1')], ['n2', { ...rest, record }]]);
      return toldTo(exclusion, orphaned({ nodes }), localWith(null, { methods }))[0];
    };
    expect(methodsWhen(36_000)).toMatchObject({ methods });
    const unfit = { method: 'unfit', position: 1 };
    for (const wrong of [undefined, 36_001]) expect(methodsWhen(wrong)).toMatchObject({ methods: [methods[0], unfit] });
  });

  it('is handed over when the elected node is lost as well', () => {
    const first = living.find((node) => toldTo(exclusion, orphaned(), as(node)).length > 0) ?? '';
    const nodes = new Map([...orphaned().nodes, [first, nodeOf(first, null)]]);
    const wants = living.filter((node) => node !== first &&
      toldTo(exclusion, orphaned({ nodes }), as(node)).length > 0);
    expect(wants).toHaveLength(1);
  });

  it('is left to the elected node by all others that had begun', () => {
    const begun = { exclusions: new Map([[lost.session, 'waiting']]) };
    const stops = living.filter((node) =>
      toldTo(exclusion, orphaned(), as(node, begun)).some(({ type }) => type === 'exclusion.notElected'));
    expect(stops).toHaveLength(living.length - 1);
  });

  it('is excluded no further once the proof stands, and whoever works on it hears so', () => {
    const view = orphaned({ exclusions: record('proven') });
    for (const node of living) expect(toldTo(exclusion, view, as(node))).toEqual([]);
    const begun = { exclusions: new Map([[lost.session, 'waiting']]) };
    expect(toldTo(exclusion, view, as('n3', begun)))
      .toEqual([{ actor: exclusion, type: 'exclusion.proven', session: lost.session, method: 'self' }]);
  });

  it('is not excluded while its node record is still locked by it', () => {
    const nodes = new Map([...orphaned().nodes, ['n2', nodeOf('n2', lost.session)]]);
    for (const node of living) expect(toldTo(exclusion, orphaned({ nodes }), as(node))).toEqual([]);
  });

  it('counts also while a lock is held that still names it', () => {
    const view = orphaned({ locks: new Map([['d1/1', lockOf({ pendingExclusion: lost })]]) });
    expect(living.filter((node) => toldTo(exclusion, view, as(node)).length > 0)).toHaveLength(1);
  });
});

describe('an earlier session of this very node', () => {
  const view = viewOfLock(freeLock({ evidence: { node: 'n1', session: 's-old' } }));

  it('is the node’s own to prove, now and then, and nobody excludes it from outside', () => {
    const told = said(view, localWith(null));
    expect(told).toContainEqual({ actor: 'node', type: 'session.orphaned', session: 's-old' });
    expect(told.filter(({ actor }) => actor.startsWith('exclusion/'))).toEqual([]);
    expect(toldTo('node', view, localWith(null, { firstTime: () => false }))).toEqual([]);
    expect(toldTo('node', view, localWith(null, { proving: new Set(['s-old']) }))).toEqual([]);
  });

  it('is asked for again each second', () => {
    const asked: string[] = [];
    const at = (ms: number) => localWith(null, { elapsedMs: () => ms, firstTime: (each) => (asked.push(each), true) });
    for (const ms of [0, 999, 1_000]) said(view, at(ms));
    expect(new Set(asked).size).toBe(2);
  });

  it('that is the present one is no orphan', () => {
    const own = viewOfLock(freeLock({ evidence: { node: 'n1', session: 's1' } }));
    expect(toldTo('node', own, localWith(null))).toEqual([]);
  });
});

describe('the node', () => {
  const without = (session: string | null, modifyIndex: number) =>
    viewWith({ nodes: new Map([['n1', { ...nodeOf('n1', session), modifyIndex }]]) });

  it('lost its session when a newer record shows another one', () => {
    expect(toldTo('node', without(null, 5), localWith(null))).toMatchObject([{ type: 'session.lost' }]);
    expect(toldTo('node', without('s9', 5), localWith(null))).toMatchObject([{ type: 'session.lost' }]);
    expect(toldTo('node', viewWith({ nodes: new Map() }), localWith(null))).toMatchObject([{ type: 'session.lost' }]);
  });

  it('did not lose it by a view from before it registered, or by a record that cannot be read', () => {
    expect(toldTo('node', without(null, 4), localWith(null))).toEqual([]);
    expect(toldTo('node', without(null, 5), localWith(null, { registeredAt: 0 }))).toEqual([]);
    const problems = [{ key: 'nodes/n1', reason: 'not JSON' }];
    expect(toldTo('node', viewWith({ nodes: new Map(), problems }), localWith(null))).toEqual([]);
  });

  it('may end when it leaves and every path is let go, and not before', () => {
    const leaving = { joined: false, leaving: true };
    const idle = localWith(pathIn('unlocked.idle'), leaving);
    expect(toldTo('node', viewWith(), idle)).toEqual([{ actor: 'node', type: 'node.emptied' }]);
    expect(toldTo('node', viewWith(), localWith(pathIn('fenced.freeing'), leaving))).toEqual([]);
  });
});

describe('a specification', () => {
  const changed = stamped(specWith({ iqn: 'iqn.2026-01.net.example:new' }));
  const view = viewWith({ disks: new Map([['d1', changed]]) });

  it('is learnt by what is not in use', () => {
    const local = localWith(pathIn('unlocked.idle'), {
      disks: new Map([['d1', { idle: true, settings: { ...diskSettings } }]]),
    });
    expect(said(view, local)).toMatchObject([
      { actor: 'disk/d1', type: 'disk.specified', settings: { iqn: 'iqn.2026-01.net.example:new' } },
      { actor: 'path/d1/1', type: 'path.specified', settings: { ...settings, iqn: 'iqn.2026-01.net.example:new' } },
      { actor: 'path/d1/1', type: 'path.offered' },
    ]);
  });

  it('waits while the disk is in use', () => {
    const told = said(view, localWith(pathIn('enabled'))).map(({ type }) => type);
    expect(told.filter((type) => type.endsWith('.specified'))).toEqual([]);
  });

  it('that is gone is withdrawn, and one that cannot be read is not', () => {
    const local = localWith(pathIn('unlocked.idle'), {
      disks: new Map([['d1', { idle: true, settings: { ...diskSettings } }]]),
    });
    const gone = viewWith({ disks: new Map() });
    expect(said(gone, local).map(({ type }) => type)).toEqual(['path.withdrawn', 'disk.withdrawn']);
    expect(said({ ...gone, problems: [{ key: 'disks/d1', reason: 'not JSON' }] }, local)).toEqual([]);
  });

  it('makes an interface of its VLAN, and a port of its own', () => {
    const paths = [{ index: 1, ip: settings.ip, prefix: 24, interface: 'eth1', vlan: 12, port: 3261 }];
    const told = said(viewWith({ disks: new Map([['d1', stamped(specWith({ paths }))]]) }), localWith(null));
    expect(told).toContainEqual({
      actor: 'path/d1/1', type: 'path.specified', settings: { ...settings, interface: 'eth1.12', port: 3261 },
    });
  });
});
