// Several daemons, one Consul, one network: who serves what while things go wrong.
import { describe, expect, it } from 'vitest';
import { Cluster, type Node } from './cluster.ts';

const stopping = new Set(['traffic.block', 'portal.close', 'address.remove', 'lock.release', 'target.remove',
  'backstore.detach']);
const askedBy = (node: Node, from = 0) => node.records.slice(from).flatMap(({ intents }) => intents.map(({ type }) =>
  type));

async function threeNodes(disks = 3): Promise<Cluster> {
  const cluster = new Cluster();
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name);
  for (let disk = 1; disk <= disks; disk += 1) {
    await cluster.addDisk(`d${String(disk)}`, [1, 2].map((index) => `10.0.${String(disk)}.${String(index)}`));
  }
  await cluster.until(() => cluster.allServed(), 10_000);
  return cluster;
}

describe('three nodes', () => {
  it('serve every path once, spread evenly, and the two paths of a disk from two nodes', async () => {
    const cluster = await threeNodes();
    expect(['n1', 'n2', 'n3'].map((name) => cluster.pathsOf(name).length)).toEqual([2, 2, 2]);
    for (const disk of ['d1', 'd2', 'd3']) {
      expect(cluster.servers(`${disk}/1`)).not.toEqual(cluster.servers(`${disk}/2`));
    }
  });

  it('ask for a lock a few times and not in a tight loop', async () => {
    const cluster = await threeNodes();
    const asked = [...cluster.nodes.values()].flatMap((node) => askedBy(node).filter((type) =>
      type === 'lock.acquire'));
    expect(asked.length).toBeLessThanOrEqual(12);
  });

  it('take over from a host that lost its power, and only after its exclusion is proven', async () => {
    const cluster = await threeNodes();
    const orphans = cluster.pathsOf('n1');
    const { session } = await cluster.lose('n1', 'host');
    let provenFirst = true;
    await cluster.until(() => {
      const proven = [...cluster.nodes.values()].some(({ daemon }) =>
        daemon.view.exclusions.get(session)?.value.state === 'proven');
      if (!proven && orphans.some((path) => cluster.servers(path).length > 0)) provenFirst = false;
      return cluster.allServed();
    }, 40_000);
    expect(provenFirst).toBe(true);
  });

  it('drain a node', async () => {
    const cluster = await threeNodes();
    await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => cluster.pathsOf('n2').length === 0 && cluster.allServed(), 10_000);
  });

  it('drain a node with one path after the other, so that none waits for many others', async () => {
    const cluster = await threeNodes(6);
    const perStep = { kind: 'delay', ms: 100 } as const;
    for (const { faults } of cluster.nodes.values()) {
      for (const verb of ['target.ensureClosed', 'target.ensureOpen']) faults.always(verb, perStep);
    }
    let mostWithout = 0;
    await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => {
      mostWithout = Math.max(mostWithout, cluster.paths().filter((path) => cluster.servers(path).length === 0).length);
      return cluster.pathsOf('n2').length === 0 && cluster.allServed();
    }, 10_000);
    // The next one closes while the one before it opens.
    expect(mostWithout).toBeLessThanOrEqual(2);
  });

  it('stop a disk everywhere and leave its locks clean', async () => {
    const cluster = await threeNodes(1);
    const spec = (await cluster.view()).disks.get('d1')?.value;
    await cluster.put('disks/d1', JSON.stringify({ ...spec, desired: 'stopped' }));
    await cluster.until(() => ['n1', 'n2', 'n3'].every((name) => cluster.pathsOf(name).length === 0), 10_000);
    await cluster.pass(1_000);
    const { locks } = await cluster.view();
    expect([...locks.values()].map(({ holder, evidence }) => ({ holder, evidence }))).toEqual([
      { holder: null, evidence: null }, { holder: null, evidence: null },
    ]);
  });
});

describe('a restart with the same journal', () => {
  it('keeps every path served and asks for nothing that stops (defect 4)', async () => {
    const cluster = await threeNodes();
    const before = cluster.pathsOf('n1');
    const session = cluster.sessionOf('n1');
    const node = await cluster.restart('n1');
    for (let passed = 0; passed < 5_000; passed += 500) {
      await cluster.pass(500);
      expect(cluster.pathsOf('n1')).toEqual(before);
    }
    expect(askedBy(node).filter((type) => stopping.has(type))).toEqual([]);
    expect(cluster.sessionOf('n1')).toBe(session);
  });

  it('while Consul cannot be reached stops serving before others may take over', async () => {
    const cluster = await threeNodes();
    const session = cluster.sessionOf('n1');
    const { daemon, journal } = cluster.node('n1');
    await daemon.stop('keep', 0);
    const restarted = cluster.start('n1', journal.crash());
    cluster.node('n1').cutOff = true;
    await restarted;
    await cluster.pass(3_000);
    cluster.endSession(session);
    await cluster.pass(40_000);
    expect(cluster.pathsOf('n1')).toEqual([]);
  });
});

describe('a daemon that starts again and again while Consul cannot be reached', () => {
  it('gets one lease for that and not one for each start', async () => {
    const cluster = new Cluster([{ method: 'leaseBound', boundMs: 12_000 }]);
    for (const name of ['n1', 'n2']) await cluster.start(name);
    await cluster.addDisk('d1', ['10.0.1.1']);
    await cluster.until(() => cluster.allServed(), 10_000);
    const [name = ''] = cluster.servers('d1/1');
    const session = cluster.sessionOf(name);
    cluster.node(name).cutOff = true;
    for (let start = 1; start <= 6; start += 1) {
      await cluster.pass(6_000);
      // Its session ends one TTL after its last renewal, as Consul would end it.
      if (start === 2) cluster.endSession(session);
      await cluster.restart(name, true);
    }
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.servers('d1/1')).not.toEqual([name]);
  });
});

describe('a lost session', () => {
  it('is fenced, proven by its own node, and the node joins again with a new one', async () => {
    const cluster = await threeNodes();
    const session = cluster.sessionOf('n1');
    cluster.endSession(session);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' &&
      cluster.sessionOf('n1') !== session, 20_000);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ state: 'proven', method: 'self' });
    await cluster.until(() => cluster.allServed(), 20_000);
  });

  it('costs one new session and not several', async () => {
    const cluster = await threeNodes();
    cluster.endSession(cluster.sessionOf('n1'));
    await cluster.until(() => cluster.allServed(), 30_000);
    await cluster.pass(5_000);
    const made = cluster.node('n1').records.filter(({ event }) => event.type === 'session.created');
    expect(made).toHaveLength(2);
  });

  it('is never taken up again once its exclusion was proven', async () => {
    const cluster = await threeNodes();
    const session = cluster.sessionOf('n1');
    await cluster.put(`exclusions/${session}`, JSON.stringify({
      node: 'n1', state: 'proven', method: 'self', by: 'n1', at: 0, evidence: 'nothing was served',
    }));
    await cluster.restart('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' &&
      cluster.sessionOf('n1') !== session, 60_000);
  });
});

describe('a node that lost its journal while it served', () => {
  it('proves nothing about its last session before its teardown is over', async () => {
    const cluster = await threeNodes();
    const { session } = await cluster.lose('n1', 'daemon');
    const node = await cluster.start('n1');
    node.faults.always('target.ensureClosed', { kind: 'refuse', reason: 'it hangs' });
    node.faults.always('address.ensureRemoved', { kind: 'refuse', reason: 'it hangs' });
    await cluster.until(() => cluster.pathsOf('n1').length === 0 || isProven(cluster, session), 8_000).catch(() => 0);
    expect({ served: cluster.pathsOf('n1').length > 0, proven: isProven(cluster, session) })
      .not.toEqual({ served: true, proven: true });
  });
});

const isProven = (cluster: Cluster, session: string): boolean =>
  [...cluster.nodes.values()].some(({ daemon }) => {
    const exclusion = daemon.view.exclusions.get(session)?.value;
    return exclusion?.state === 'proven' && exclusion.method === 'self';
  });

describe('a node record that cannot be understood', () => {
  it('does not make its node give anything up', async () => {
    const cluster = await threeNodes();
    const before = cluster.pathsOf('n1');
    cluster.overwrite('nodes/n1', 'not JSON');
    await cluster.pass(3_000);
    expect(cluster.pathsOf('n1')).toEqual(before);
  });
});

describe('a node that is cut off from Consul', () => {
  it('stops serving by its own deadline, before its session can end', async () => {
    const cluster = await threeNodes();
    cluster.node('n1').cutOff = true;
    await cluster.pass(9_000);
    expect(cluster.pathsOf('n1')).toEqual([]);
  });
});

describe('an image that will not come', () => {
  it('lets another node take its path (defect 17)', async () => {
    const cluster = new Cluster();
    for (const name of ['n1', 'n2']) await cluster.start(name);
    cluster.node('n1').faults.always('backstore.ensureAttached', { kind: 'refuse', reason: 'no such image' });
    await cluster.addDisk('d1', ['10.0.1.1', '10.0.1.2']);
    await cluster.until(() => cluster.pathsOf('n2').length === 2, 30_000);
  });
});
