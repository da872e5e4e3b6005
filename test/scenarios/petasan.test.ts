// Defects that the predecessor had, each as a cluster that would show it. Numbers are those of its list of defects.
import { expect, it } from 'vitest';
import type { Method } from '../../machines/exclusion/events.ts';
import { Cluster, type Node } from './cluster.ts';

const slowProof: readonly Method[] = [{ method: 'leaseBound', boundMs: 12_000 }];
const path = 'd1/1';

/** n1 serves the only path, and loses its power with its session. */
async function orphanOf(cluster: Cluster): Promise<string> {
  await cluster.start('n1');
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.allServed(), 10_000);
  for (const name of ['n2', 'n3']) await cluster.start(name);
  await cluster.until(() => ['n2', 'n3'].every((name) => cluster.stateOf(name, 'node') === 'joined'), 5_000);
  const { session } = await cluster.lose('n1', 'host');
  return session;
}

const lockIn = async (cluster: Cluster) => (await cluster.view()).locks.get(path);
const isProven = (cluster: Cluster, session: string): boolean => [...cluster.nodes.values()].some(({ daemon }) =>
  daemon.view.exclusions.get(session)?.value.state === 'proven');
const holderOf = (cluster: Cluster): string | undefined =>
  ['n2', 'n3'].find((name) => cluster.stateOf(name, `path/${path}`).startsWith('locking.proving'));
const askedBy = ({ records }: Node, actor: string) =>
  records.filter((record) => record.actor === actor).flatMap(({ intents }) => intents.map(({ type }) => type));

it('1: a taker that gives up before it serves leaves behind whom the next one must see excluded', async () => {
  const cluster = new Cluster(slowProof);
  const session = await orphanOf(cluster);
  await cluster.until(() => holderOf(cluster) !== undefined, 10_000);
  const first = holderOf(cluster) ?? '';
  await cluster.put(`drains/${first}`, JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
  await cluster.until(() => holderOf(cluster) !== undefined && holderOf(cluster) !== first, 10_000);
  expect((await lockIn(cluster))?.pendingExclusion).toEqual({ node: 'n1', session });
  expect({ served: cluster.servers(path), proven: isProven(cluster, session) }).toEqual({ served: [], proven: false });
  await cluster.until(() => isProven(cluster, session) || cluster.allServed(), 20_000);
  expect(isProven(cluster, session)).toBe(true);
  await cluster.until(() => cluster.allServed(), 10_000);
});

it('1: a taker that loses its power before it serves does so too', async () => {
  const cluster = new Cluster(slowProof);
  const session = await orphanOf(cluster);
  await cluster.until(() => holderOf(cluster) !== undefined, 10_000);
  const first = holderOf(cluster) ?? '';
  await cluster.lose(first, 'host');
  let provenFirst = true;
  await cluster.until(() => {
    if (cluster.allServed() && !isProven(cluster, session)) provenFirst = false;
    return cluster.allServed();
  }, 40_000);
  expect(provenFirst).toBe(true);
});

it('5: without a method of exclusion nobody takes over, until an operator confirms that the node is down', async () => {
  const cluster = new Cluster([]);
  const session = await orphanOf(cluster);
  await cluster.until(() => ['n2', 'n3'].some((name) =>
    cluster.stateOf(name, `path/${path}`) === 'locking.proving.stuck'), 20_000);
  await cluster.pass(30_000);
  expect(cluster.servers(path)).toEqual([]);
  await cluster.node('n2').daemon.engine.post(
    'node', { type: 'operator.confirmDown', node: 'n1', by: 'ada', reason: 'it is off' } as never, null,
  );
  await cluster.until(() => cluster.allServed(), 10_000);
  expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ method: 'operator', by: 'ada' });
});

it('15: a lock key that somebody made anew is never deleted, and nobody serves by it without proof', async () => {
  const cluster = new Cluster(slowProof);
  await cluster.start('n1');
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.allServed(), 10_000);
  const created = (await cluster.view()).locks.get(path);
  await cluster.put('nodes/n9', JSON.stringify({
    node: 'n9', instance: 'i', bootId: 'b', version: '0', standstillMs: 12_000, inspector: '', roles: [],
    leaving: false, since: 0,
  }));
  cluster.remake(`paths/${path}`, JSON.stringify({ node: 'n9', session: 's-foreign' }));
  await cluster.until(() => cluster.servers(path).length === 0, 2_000);
  await cluster.pass(5_000);
  const lock = await lockIn(cluster);
  expect(lock?.modifyIndex).toBeGreaterThan(created?.modifyIndex ?? 0);
  expect(lock?.pendingExclusion ?? lock?.evidence).toEqual({ node: 'n9', session: 's-foreign' });
  expect(cluster.servers(path)).toEqual([]);
  await cluster.until(() => cluster.allServed(), 30_000);
  expect(isProven(cluster, 's-foreign')).toBe(true);
});

it('25: a path that moves is closed, then its IP goes, is read back, and only then its lock', async () => {
  const cluster = new Cluster();
  for (const name of ['n1', 'n2']) await cluster.start(name);
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(500);
  const [from = ''] = cluster.servers(path);
  const to = from === 'n1' ? 'n2' : 'n1';
  cluster.node(from).records.length = 0;
  await cluster.node(from).daemon.engine.post(
    `path/${path}`, { type: 'operator.release', by: 'ada', reason: 'test', to } as never, null,
  );
  const tookMs = await cluster.until(() => cluster.servers(path).includes(to), 5_000);
  expect(tookMs).toBeLessThanOrEqual(1_000);
  const stopping = ['traffic.block', 'portal.close', 'address.remove', 'path.observe', 'lock.release'];
  const asked = askedBy(cluster.node(from), `path/${path}`);
  expect(asked.filter((type) => new Set(stopping).has(type))).toEqual(stopping);
  await cluster.until(() => cluster.node(to).daemon.view.moves.size === 0, 5_000);
});

it('27: a lock that is lost while the image is attached opens nothing', async () => {
  const cluster = new Cluster();
  const node = await cluster.start('n1');
  node.faults.always('backstore.ensureAttached', { kind: 'delay', ms: 3_000 });
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.stateOf('n1', `path/${path}`) === 'mapped.preparing', 5_000);
  cluster.endSession(cluster.sessionOf('n1'));
  await cluster.until(() => cluster.stateOf('n1', `path/${path}`).startsWith('fenced'), 2_000);
  const tornDown = node.records.length;
  await cluster.until(() => cluster.stateOf('n1', `path/${path}`).startsWith('unlocked'), 10_000);
  expect(node.records.slice(0, tornDown).some(({ intents }) => intents.some(({ type }) => type === 'portal.open')))
    .toBe(false);
  expect(cluster.servers(path)).toEqual([]);
});

it('27: a lock that is lost while the IP is being added opens nothing', async () => {
  const cluster = new Cluster();
  const node = await cluster.start('n1');
  node.faults.always('address.ensureAdded', { kind: 'delay', ms: 1_000 });
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.stateOf('n1', `path/${path}`) === 'mapped.addressing', 5_000);
  cluster.remake(`paths/${path}`, JSON.stringify({ node: 'n9', session: 's-foreign' }));
  await cluster.pass(2_000);
  expect(askedBy(node, `path/${path}`)).not.toContain('portal.open');
  expect(cluster.servers(path)).toEqual([]);
});
