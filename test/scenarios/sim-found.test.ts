// What the simulator found, each as small as it gets.
import { describe, expect, it } from 'vitest';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import { sleep } from '../../src/ports/clock.ts';
import { fewNodes } from './adoption.ts';
import { Cluster, type Node } from './cluster.ts';

describe('a path that a new daemon took over as it is', () => {
  it('hears of that once, and not whenever something changes in Consul', async () => {
    const cluster = await fewNodes();
    const node = await cluster.restart('n1');
    await cluster.pass(1_000);
    await cluster.put('unrelated/1', 'a');
    await cluster.pass(1_000);
    await cluster.addDisk('d9', ['10.0.9.1']);
    await cluster.pass(1_000);
    const heard = node.records.filter(({ event }) => event.type === 'path.resumed').map(({ actor }) => actor);
    expect(heard).toEqual([...new Set(heard)]);
    expect(heard.length).toBeGreaterThan(0);
  });
});

/** Consul hears nothing of these nodes and says nothing to them: no call ends. */
class Silence extends Cluster {
  readonly around = new Set<string>();

  protected override partsOf(node: Node, parts: DaemonParts): DaemonParts {
    const read: DaemonParts['cluster']['read'] = (key, options) =>
      this.around.has(node.name) ? new Promise(() => {}) : parts.cluster.read(key, options);
    return { ...parts, cluster: { ...parts.cluster, read } };
  }
}

describe('a daemon that starts a second time while Consul says nothing', () => {
  it('counts the deadline of the first start, also while its question is still open', async () => {
    const cluster = new Silence();
    for (const name of ['n1', 'n2']) await cluster.start(name);
    await cluster.addDisk('d1', ['10.0.1.1', '10.0.1.2']);
    await cluster.until(() => cluster.allServed(), 10_000);
    cluster.around.add('n1');
    const first = await cluster.kill('n1', 'daemon');
    await cluster.start('n1', first);
    await cluster.pass(100);
    const second = await cluster.kill('n1', 'daemon');
    await cluster.start('n1', second);
    expect(cluster.pathsOf('n1').length).toBe(1);
    await cluster.until(() => cluster.pathsOf('n1').length === 0, 9_000);
  });
});

/** Consul takes a while for each bid. */
class SlowBids extends Cluster {
  protected override partsOf(_node: Node, parts: DaemonParts): DaemonParts {
    const acquire: DaemonParts['cluster']['acquire'] = async (request, options) => {
      await sleep(this.clock, 200);
      return parts.cluster.acquire(request, options);
    };
    return { ...parts, cluster: { ...parts.cluster, acquire } };
  }
}

describe('a node that lost its journal and is drained', () => {
  it('closes what it serves before it gives the lock back', async () => {
    const cluster = new SlowBids();
    for (const name of ['n1', 'n2']) await cluster.start(name);
    await cluster.addDisk('d1', ['10.0.1.1', '10.0.1.2']);
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.pathsOf('n1').length).toBe(1);
    await cluster.kill('n1', 'daemon');
    await cluster.start('n1');
    await cluster.until(() => cluster.node('n1').records.some(({ event }) => event.type === 'path.offered'), 10_000);
    await cluster.put('drains/n1', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => cluster.pathsOf('n1').length === 0 && cluster.allServed(), 10_000);
  });
});
