// What the simulator found, each as small as it gets.
import { describe, expect, it } from 'vitest';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import { inspectorOf } from '../../src/daemon/inspector.ts';
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

describe('a node that lost its session and its journal at once', () => {
  const bothLost = async (): Promise<Cluster> => {
    const cluster = await fewNodes();
    expect(cluster.pathsOf('n1').length).toBeGreaterThan(0);
    await cluster.lose('n1', 'daemon');
    return cluster;
  };

  it('stops serving what it has no lock for, also while its record has to wait for the lock-delay', async () => {
    const cluster = await bothLost();
    await cluster.start('n1');
    await cluster.until(() => cluster.pathsOf('n1').length === 0, 1_500);
    expect(cluster.stateOf('n1', 'node')).not.toBe('joined');
    await cluster.until(() => cluster.allServed(), 40_000);
  });

  it('takes away what a command of the last daemon leaves behind late', async () => {
    const cluster = await bothLost();
    await cluster.start('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'registeringAgain', 5_000);
    const host = cluster.network.host('n1');
    host.addresses.set('10.0.1.1', { ip: '10.0.1.1', prefix: 24, interface: 'eth1' });
    await cluster.until(() => !host.addresses.has('10.0.1.1'), 1_500);
    expect(cluster.stateOf('n1', 'node')).not.toBe('joined');
  });

  it('opens no session before that: a new deadline would begin for what the last one left', async () => {
    const cluster = await bothLost();
    const servedThen: (readonly string[])[] = [];
    const node = await cluster.start('n1');
    node.daemon.engine.follow(({ event }) => {
      if (event.type === 'session.created') servedThen.push(cluster.pathsOf('n1'));
    });
    await cluster.until(() => servedThen.length > 0, 10_000);
    expect(servedThen[0]).toEqual([]);
  });
});

/** The disk of the journal takes a while before it can be read. */
class SlowRecovery extends Cluster {
  protected override partsOf(_node: Node, parts: DaemonParts): DaemonParts {
    const open: DaemonParts['journal']['open'] = async () => {
      await sleep(this.clock, 2_000);
      return parts.journal.open();
    };
    return { ...parts, journal: { ...parts.journal, open } };
  }
}

describe('a daemon that is still recovering its journal', () => {
  it('takes nothing from operators, and says so: nobody knows which record would be the next one', async () => {
    const cluster = new SlowRecovery();
    const starting = cluster.start('n1');
    const { daemon, records } = cluster.node('n1');
    const drain = { type: 'operator.drain', node: 'n1' } as const;
    const asked = inspectorOf(daemon).post('node', drain, { by: 'ada', reason: 'test' }, 0);
    await expect(asked).rejects.toThrow(/still recovering its journal/);
    const posted = daemon.engine.post('node', drain, { kind: 'operator', by: 'ada', reason: 'test' });
    expect(await posted).toEqual({ kind: 'ignored' });
    await cluster.pass(3_000);
    await starting;
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, at) => at + 1));
    expect(records[0]?.event.type).toBe('node.started');
  });
});
