// What nodes decide of each other by asking directly.
import { describe, expect, it } from 'vitest';
import { missedByMajority, objectionTo, type Witness } from '../../src/core/peers.ts';
import { emptyView, type ClusterView, type PathLock } from '../../src/core/view.ts';

const missedMs = 1_000;
type Claims = Readonly<Record<string, Readonly<Record<string, number>>>>;
const excluded = (voters: readonly string[], claims: Claims, self = 'n1') =>
  missedByMajority({ self, voters, missed: new Map(Object.entries(claims)), missedMs });

describe('a node is missed by the majority', () => {
  const three = ['n1', 'n2', 'n3'];

  it('when both others of three have not heard it for long enough', () => {
    const claims = { n1: { n3: 1_000 }, n2: { n3: 1_400 } };
    expect(excluded(three, claims)).toEqual([{ node: 'n3', by: ['n1', 'n2'] }]);
  });

  it('not when one of three has heard it lately', () => {
    expect(excluded(three, { n1: { n3: 9_000 }, n2: { n3: 999 } })).toEqual([]);
  });

  it('not when half of four miss it: it counts itself', () => {
    expect(excluded(['n1', 'n2', 'n3', 'n4'], { n1: { n4: 2_000 }, n2: { n4: 2_000 } })).toEqual([]);
  });

  it('never where there are only two', () => {
    expect(excluded(['n1', 'n2'], { n1: { n2: 60_000 } })).toEqual([]);
  });

  it('not by the word of others alone', () => {
    const claims = { n2: { n5: 2_000 }, n3: { n5: 2_000 }, n4: { n5: 2_000 } };
    expect(excluded(['n1', 'n2', 'n3', 'n4', 'n5'], claims)).toEqual([]);
  });

  it('not by nodes that do not live any more', () => {
    expect(excluded(three, { n1: { n3: 2_000 }, n9: { n3: 2_000 } })).toEqual([]);
  });
});

describe('a node objects to a failsafe question', () => {
  const record = { node: 'n1', instance: 'i', bootId: 'b', version: '0', inspector: '', roles: [], leaving: false,
    since: 0 };
  const n1 = { record, session: 's1', modifyIndex: 5 };
  const lock: PathLock = { disk: 'd1', index: 1, holder: 's1', node: 'n1', epoch: 1, modifyIndex: 6,
    evidence: { node: 'n1', session: 's1' }, pendingExclusion: null };
  const view: ClusterView = { ...emptyView, nodes: new Map([['n1', n1]]), locks: new Map([['d1/1', lock]]) };
  const witness: Witness = { view, consulAgeMs: 5_000, contactMs: 3_000, exclusionState: () => null };
  const asked = { node: 'n1', session: 's1' };
  const says = (change: Partial<Witness>) => objectionTo(asked, { ...witness, ...change });
  const proven = { node: 'n1', state: 'wanted', method: '', by: '', at: 0, evidence: '' } as const;

  it('not at all when it has lost Consul too, and saw the session alive last', () => {
    expect(says({})).toBeNull();
    expect(says({ exclusionState: () => 'watching' })).toBeNull();
  });

  it.each([
    ['it has not read Consul since its start', { view: null }],
    ['it has not read Consul since its start', { consulAgeMs: null }],
    ['it reaches Consul', { consulAgeMs: 2_999 }],
    ['that session does not live by its last view', { view: emptyView }],
    ['that session does not live by its last view', { view: { ...view,
      nodes: new Map([['n1', { ...n1, session: 's2' }]]) } }],
    ['the exclusion of that session was asked for', { view: { ...view,
      exclusions: new Map([['s1', { value: proven, modifyIndex: 7 }]]) } }],
    ['path d1/1 was taken from that session', { view: { ...view,
      locks: new Map([['d1/1', { ...lock, holder: null }]]) } }],
    ['path d1/1 was taken from that session', { view: { ...view,
      locks: new Map([['d1/1', { ...lock, holder: 's2' }]]) } }],
    ['it excludes that session', { exclusionState: () => 'waiting' }],
  ] as const)('because %s', (objection, change) => {
    expect(says(change)).toBe(objection);
  });
});
