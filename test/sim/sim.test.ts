// What the simulator itself promises: one seed is one run, and what it looks for is found.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import { emptyTally } from './batch.ts';
import { runInJobs } from './jobs.ts';
import { Judge } from './judge.ts';
import { mutants } from './mutants/list.ts';
import type { Patch } from './mutants/mutant.ts';
import type { Fault } from './fault.ts';
import { randomFrom } from './random.ts';
import { runOnce } from './run.ts';
import { shapeOf, usualPeers } from './shape.ts';
import { SharedDisk } from './shared-disk.ts';
import { Timeline } from './timeline.ts';
import { openTrace } from './trace.ts';
import { World } from './world.ts';

const order = { seed: 21, nodes: 3, paths: 2, hours: 0.1 };

function judged() {
  const world = new World();
  const trace = openTrace(true, () => world.nowMs);
  const shape = shapeOf(1, { nodes: 3, paths: 1, hours: 0.1 }, randomFrom(1));
  const judge = new Judge(shape, world, trace);
  const shared = new SharedDisk(judge, world, trace);
  const network = memoryNetwork();
  for (const node of ['n1', 'n2']) {
    shared.watch(network.host(node), shape, randomFrom(2));
    judge.watch(network.host(node));
    shared.boot(node, new Timeline({ world, rate: 1, wallOffsetMs: () => 0 }));
  }
  const serve = (node: string, epoch: number): void => {
    shared.asked('d1/1', { node, session: `session ${String(epoch)}`, epoch });
    network.host(node).addresses.set('10.0.1.1', { ip: '10.0.1.1', prefix: 24, interface: 'eth1' });
    network.host(node).portals.set('10.0.1.1 3260', 'iqn');
  };
  return { world, judge, shared, network, shape, serve };
}

describe('a run', () => {
  it('is the same again, event for event', async () => {
    const [first, second] = [await runOnce(order), await runOnce(order)];
    expect(second.digest).toBe(first.digest);
    expect(second.events).toBe(first.events);
  });

  it('is another one with another seed', async () => {
    const [first, second] = [await runOnce(order), await runOnce({ ...order, seed: 22 })];
    expect(second.digest).not.toBe(first.digest);
  });

  it('without faults serves every path and ends without a violation', async () => {
    const { violation, writes } = await runOnce({ ...order, kinds: [] });
    expect(violation).toBeNull();
    expect(writes).toBeGreaterThan(0);
  });
});

describe('a batch of runs', () => {
  it('comes to the same on several cores', async () => {
    const batch = { seeds: [3, 4, 5], nodes: 3, paths: 2, hours: 0.05, kinds: null, trace: false };
    const [alone, together] = [emptyTally(), emptyTally()];
    await runInJobs(batch, 1, alone, () => {}, () => {});
    await runInJobs(batch, 2, together, () => {}, () => {});
    expect(together.runs).toBe(3);
    expect({ ...together, hours: 0, hoursOf: {} }).toEqual({ ...alone, hours: 0, hoursOf: {} });
  });
});

describe('the judge', () => {
  it('sees two nodes that serve one path', () => {
    const { judge, serve } = judged();
    serve('n1', 1);
    expect(judge.violation).toBeNull();
    serve('n2', 2);
    expect(judge.violation?.rule).toBe('two nodes serve one path');
  });

  it('sees a write of the last owner after the first one of the next', async () => {
    const { world, judge, shared, network, shape, serve } = judged();
    shared.startInitiators(shape, randomFrom(9), () => true);
    serve('n1', 7);
    await world.run(300_000);
    expect(judge.violation).toBeNull();
    // Its portal goes away without its commands having ended, and a node with an older lock serves.
    network.host('n1').addresses.clear();
    serve('n2', 6);
    await world.run(600_000);
    expect(judge.violation?.rule).toBe('a write of an excluded incarnation');
  });
});

describe('a time line', () => {
  it('that stands still carries out afterwards what fell due, and not what was called off', async () => {
    const world = new World();
    const line = new Timeline({ world, rate: 1, wallOffsetMs: () => 0 });
    const seen: string[] = [];
    line.after(10, () => seen.push(`first at ${String(line.monotonicMs())}`));
    const cancel = line.after(20, () => seen.push('called off'));
    line.standStill();
    await world.run(100);
    cancel();
    line.goOn((held) => held);
    await world.run(200);
    expect(seen).toEqual(['first at 100']);
  });

  it('whose clock stood still too waits for the rest of its time', async () => {
    const world = new World();
    const line = new Timeline({ world, rate: 1, wallOffsetMs: () => 0 });
    const seen: number[] = [];
    line.after(10, () => seen.push(world.nowMs));
    line.standStill();
    line.stopClock();
    await world.run(100);
    line.startClock();
    line.goOn((held) => held);
    await world.run(200);
    expect(seen).toEqual([110]);
  });

  it('of a paused process waits only for as long as the clock of its host stood', async () => {
    const world = new World();
    const host = new Timeline({ world, rate: 1, wallOffsetMs: () => 0 });
    const line = new Timeline({ world, rate: 1, wallOffsetMs: () => 0, host });
    const seen: string[] = [];
    for (const ms of [10, 120]) line.after(ms, () => seen.push(`${String(ms)} at ${String(world.nowMs)}`));
    line.standStill();
    await world.run(40);
    host.stopClock();
    await world.run(100);
    host.startClock();
    line.goOn((held) => held);
    await world.run(200);
    expect(seen).toEqual(['10 at 100', '120 at 180']);
  });
});

describe('a daemon that is paused while the clock of its host stops for a moment', () => {
  it('lets go of its paths in the moment in which its own deadline passes', async () => {
    const onN1 = { node: 'n1', seed: 1, moment: { what: 'time', count: 0 } } as const;
    const plan: readonly Fault[] = [
      { node: 'n1', atMs: 20_000, kind: 'cutOff', forMs: 45_000, way: 'requests', gossip: false },
      { ...onN1, atMs: 20_000, kind: 'pauseDaemon', forMs: 5_000 },
      { ...onN1, atMs: 24_000, kind: 'freezeHost', forMs: 2_000, clockStops: true },
    ];
    // What the simulator found in seeds 1494 and 11455 of half an hour each.
    for (const seed of [1, 12]) {
      const { violation } = await runOnce({ seed, nodes: 3, paths: 3, hours: 0.01, plan });
      expect(violation).toBeNull();
    }
  });
});

describe('a daemon that is paused right after it heard that its locks are lost', () => {
  it('has to let go of its paths when it wakes, and not before', async () => {
    // What the simulator found in seed 310011 of half an hour.
    const plan: readonly Fault[] = ['n1', 'n2', 'n3'].flatMap((node) => [
      { node, atMs: 20_000, kind: 'endSession' as const },
      {
        node, atMs: 20_004, kind: 'pauseDaemon' as const, seed: 1, moment: { what: 'time' as const, count: 0 },
        forMs: 5_000,
      },
    ]);
    const { violation } = await runOnce({ seed: 11, nodes: 3, paths: 2, hours: 0.01, plan, peers: null });
    expect(violation).toBeNull();
  });
});

describe('a daemon whose start takes longer than its peers are patient', () => {
  it('is missed with right: nobody has heard it speak as the incarnation that is written down', async () => {
    // What the simulator found in seeds 100089, 100371, 100377 and 100536 of half an hour each.
    const killed = { kind: 'killDaemon', node: 'n2', moment: { what: 'time', count: 0 }, downMs: 0 } as const;
    const plan: readonly Fault[] = [
      { kind: 'badJournal', node: 'n2', atMs: 20_000, how: 'hang', forMs: 30_000 },
      { ...killed, atMs: 21_000, journal: 'kept' },
    ];
    const { violation } = await runOnce({ seed: 5, nodes: 3, paths: 3, hours: 0.01, plan, peers: usualPeers });
    expect(violation).toBeNull();
  });
});

describe('a daemon that was stopped in order and has not yet registered again', () => {
  it('counts in no majority: it has taken its address back', async () => {
    // What the simulator found in seed 6614 of half an hour.
    const plan: readonly Fault[] = [
      { atMs: 20_000, node: 'n3', kind: 'gossipLies', forMs: 10_000 },
      { atMs: 20_005, node: 'n5', kind: 'restart', how: 'keep', downMs: 2_000 },
      { atMs: 20_326, kind: 'split', side: ['n2', 'n3', 'n4', 'n5'], gossip: true, forMs: 10_000 },
    ];
    for (const seed of [2, 5]) {
      const { violation } = await runOnce({ seed, nodes: 5, paths: 3, hours: 0.01, plan, peers: usualPeers });
      expect(violation).toBeNull();
    }
  });
});

describe('a node that the storage refuses, on a host whose clock stood still', () => {
  it('may open a path that nobody can write to any more: it cannot know', async () => {
    // What the simulator found in seed 2615.
    const plan = [
      { atMs: 600_584, node: 'n2', kind: 'killDaemon', moment: { what: 'time', count: 0 }, downMs: 0, journal: 'kept' },
      { atMs: 1_056_807, node: 'n3', kind: 'restart', how: 'keep', downMs: 16_863 },
      {
        atMs: 1_057_200, node: 'n2', kind: 'freezeHost', seed: 1927773949, forMs: 62_526, clockStops: true,
        moment: { what: 'command', count: 12 },
      },
    ] as const;
    const { violation } = await runOnce({ seed: 2615, nodes: 3, paths: null, hours: 0.5, plan });
    expect(violation).toBeNull();
  });
});

describe('a mutant', () => {
  it('has a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThanOrEqual(10);
  });

  it('changes words that stand in the program, each of them once', () => {
    const root = new URL('../../', import.meta.url);
    const times = ({ file, find }: Patch): number => readFileSync(new URL(file, root), 'utf8').split(find).length - 1;
    const misses = mutants.filter(({ patches }) => patches.some((patch) => times(patch) !== 1));
    expect(misses.map(({ name }) => name)).toEqual([]);
  });
});
