// Who may be missed: the judge's own idea of who could hear whom.
import { describe, expect, it } from 'vitest';
import { Judge } from './judge.ts';
import { PeerLines, type Missed } from './peers.ts';
import { randomFrom } from './random.ts';
import { shapeOf, usualPeers } from './shape.ts';
import { openTrace } from './trace.ts';
import { World } from './world.ts';

function lines() {
  const world = new World();
  const shape = shapeOf(1, { nodes: 5, paths: 1, hours: 0.1, peers: usualPeers }, randomFrom(1));
  const judge = new Judge(shape, world, openTrace(true, () => world.nowMs));
  const peers = new PeerLines(shape, world, judge);
  const unknown: Missed = { speaksAs: () => true, livesSinceMs: null };
  const hosts = new Map(shape.nodes.map((node) => [node, unknown]));
  const isMissed = (by = ['n3', 'n5']): string | undefined => {
    peers.judgeMissed(hosts, { node: 'n1', session: 'a', by });
    return judge.violation?.what;
  };
  return { world, peers, hosts, isMissed };
}

describe('a node that is missed', () => {
  it('is innocent when those who miss it could hear it', () => {
    const { isMissed } = lines();
    expect(isMissed()).toBe('n1 is missed by n3, n5, and was there to hear');
  });

  it('is missed with right by a node whose own line was bad until a moment ago', async () => {
    // What the simulator found in seed 2994 of half an hour.
    const { world, peers, isMissed } = lines();
    const heal = peers.lose({ node: 'n5', lose: 0.6, delayMs: 1500, random: randomFrom(2) });
    peers.cut('n1', 'n3', 1);
    await world.run(20_000);
    heal();
    expect(isMissed()).toBeUndefined();
  });

  it('is not excluded by a minority, whatever that hears', async () => {
    const { world, peers, hosts, isMissed } = lines();
    for (const node of ['n1', 'n2', 'n3', 'n4']) hosts.set(node, { speaksAs: () => true, livesSinceMs: 0 });
    for (const node of ['n3', 'n5']) peers.cut('n1', node, 1);
    await world.run(20_000);
    expect(isMissed()).toBe('n1 is missed by 2 of 4: that is no majority');
  });

  it('may be excluded by two of those whom everybody knows, when others have only just joined', async () => {
    const { world, peers, hosts, isMissed } = lines();
    for (const node of ['n1', 'n3', 'n5']) hosts.set(node, { speaksAs: () => true, livesSinceMs: 0 });
    for (const node of ['n2', 'n4']) hosts.set(node, { speaksAs: () => true, livesSinceMs: 15_000 });
    for (const node of ['n3', 'n5']) peers.cut('n1', node, 1);
    await world.run(20_000);
    expect(isMissed()).toBeUndefined();
  });

  it('is innocent again a while after that', async () => {
    const { world, peers, isMissed } = lines();
    peers.lose({ node: 'n5', lose: 0.6, delayMs: 1500, random: randomFrom(2) })();
    peers.cut('n1', 'n3', 1);
    await world.run(20_000);
    expect(isMissed()).toBe('n1 is missed by n5, and was there to hear');
  });
});
