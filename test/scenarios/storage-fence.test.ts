// A storage that refuses a lost node, and the way of that node back.
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryStorageFence } from '../../adapters/fence/memory-clear.ts';
import { guardWith } from '../../adapters/memory-faults.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import { done } from '../../src/ports/outcome.ts';
import { Cluster, type Node } from './cluster.ts';

const lookEveryMs = 5_000;

/** Its nodes are excluded by the storage alone. */
class Fenced extends Cluster {
  constructor() {
    super([{ method: 'ceph', position: 0 }]);
  }

  protected override partsOf(node: Node, parts: DaemonParts): DaemonParts {
    return {
      ...parts,
      settings: { ...parts.settings, storageFence: { deadlineMs: 2_000, lookEveryMs } },
      fences: [{ fence: (victim) => Promise.resolve(this.#refuse(victim.node)) }],
      storageFences: [memoryStorageFence(this.network, node.name, guardWith(node.faults, this.clock))],
    };
  }

  #refuse(node: string) {
    this.network.refused.add(node);
    return done({ evidence: `the storage refuses ${node}` });
  }
}

const asked = (node: Node): readonly string[] => node.records.flatMap(({ intents }) => intents.map(({ type }) => type));

let cluster: Fenced;
beforeEach(async () => {
  cluster = new Fenced();
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name);
  for (const disk of ['d1', 'd2', 'd3']) await cluster.addDisk(disk, [1, 2].map((at) => `10.0.${disk.slice(1)}.${at}`));
  await cluster.until(() => cluster.allServed(), 10_000);
});

/** Cut off until the storage refuses it and its paths are served elsewhere. */
async function fenceByStorage(name: string): Promise<void> {
  cluster.cutOff(name);
  await cluster.until(() => cluster.network.refused.has(name), 20_000);
  await cluster.until(() => cluster.allServed() && cluster.pathsOf(name).length === 0, 40_000);
}

describe('a node that was cut off, and that the storage refuses,', () => {
  it('has torn down, detached and proven itself before it is cleared, and only then joins and serves', async () => {
    await fenceByStorage('n1');
    const n1 = cluster.node('n1');
    n1.cutOff = false;
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 20_000);
    expect(cluster.network.refused.has('n1')).toBe(false);
    const order = n1.records.map(({ event }) => event.type).filter((type) =>
      /^(exclusion\.provenHere|storage\..*|session\.created|backstore\.detached)$/.test(type));
    expect(order.slice(order.lastIndexOf('exclusion.provenHere'))).toEqual([
      'exclusion.provenHere', 'storage.seen', 'storage.cleared', 'storage.seen', 'session.created',
    ]);
    expect(order.indexOf('backstore.detached')).toBeLessThan(order.indexOf('storage.cleared'));
    await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => cluster.allServed() && cluster.pathsOf('n1').length > 0, 20_000);
  });

  it('is not cleared while an image is attached, and says so', async () => {
    const n1 = cluster.node('n1');
    n1.faults.always('backstore.ensureDetached', { kind: 'refuse', reason: 'it is busy' });
    await fenceByStorage('n1');
    n1.cutOff = false;
    await cluster.pass(20_000);
    expect(cluster.stateOf('n1', 'node')).toBe('fencingAgain');
    expect(cluster.network.refused.has('n1')).toBe(true);
    expect(cluster.picture()).toMatch(/path\/d\d\/\d is not torn down yet/);
    n1.faults.always('backstore.ensureDetached', null);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 60_000);
  });

  it('does not join while nobody can say whether it is refused', async () => {
    await fenceByStorage('n1');
    const n1 = cluster.node('n1');
    n1.faults.always('storage.observe', { kind: 'unknown', reason: 'no answer' });
    n1.cutOff = false;
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'checkingAgain', 20_000);
    await cluster.pass(30_000);
    expect(cluster.network.refused.has('n1')).toBe(true);
    n1.faults.always('storage.observe', null);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 20_000);
  });

  it('waits when its clearing is in doubt, also over a restart: a late one would undo the next fence', async () => {
    await fenceByStorage('n1');
    const n1 = cluster.node('n1');
    n1.faults.once('storage.ensureCleared', { kind: 'unknown', reason: 'no answer', applied: true });
    n1.cutOff = false;
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'settling', 20_000);
    await cluster.restart('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'settling', 20_000);
    await cluster.pass(115_000);
    expect(cluster.stateOf('n1', 'node')).toBe('settling');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 10_000);
  });
});

describe('a host that lost its power, and that the storage refuses,', () => {
  it.each(['kept', 'lost'])('is cleared before it joins, its journal %s', async (what) => {
    const { journal } = await cluster.lose('n1', 'host');
    await cluster.until(() => cluster.network.refused.has('n1') && cluster.allServed(), 40_000);
    const boot = { bootId: 'next boot of n1', place: 'next place of n1' };
    const n1 = await cluster.start('n1', what === 'kept' ? journal : undefined, false, boot);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 30_000);
    expect(cluster.network.refused.has('n1')).toBe(false);
    expect(asked(n1)).toContain('storage.clear');
  });
});

describe('a daemon that starts again', () => {
  it('goes on with its session, and neither looks nor clears', async () => {
    const n1 = await cluster.restart('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 10_000);
    expect(asked(n1).filter((type) => type.startsWith('storage.'))).toEqual([]);
  });

  it('and was refused meanwhile, gives up what it serves, and is cleared after its own proof', async () => {
    cluster.network.refused.add('n1');
    const session = cluster.sessionOf('n1');
    await cluster.restart('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' && !cluster.network.refused.has('n1'), 60_000);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ state: 'proven', method: 'self' });
  });
});

describe('a fence that comes late', () => {
  it('and hits a node that is back, is noticed: it is torn down, cleared, and every path is served', async () => {
    await fenceByStorage('n1');
    cluster.node('n1').cutOff = false;
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 20_000);
    await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => cluster.allServed() && cluster.pathsOf('n1').length > 0, 20_000);
    const session = cluster.sessionOf('n1');
    cluster.network.refused.add('n1');
    await cluster.until(() => cluster.stateOf('n1', 'node') !== 'joined', lookEveryMs + 1_000);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' && cluster.allServed(), 60_000);
    expect(cluster.network.refused.has('n1')).toBe(false);
    expect(cluster.sessionOf('n1')).not.toBe(session);
  });
});
