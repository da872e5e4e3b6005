// A node that stops for good: everything is given up in order, and nobody has to be excluded.
import { expect, it } from 'vitest';
import { Cluster } from './cluster.ts';

async function twoNodes(): Promise<Cluster> {
  const cluster = new Cluster();
  for (const name of ['n1', 'n2']) await cluster.start(name);
  await cluster.addDisk('d1', ['10.0.1.1', '10.0.1.2']);
  await cluster.addDisk('d2', ['10.0.2.1', '10.0.2.2']);
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(500);
  return cluster;
}

/** What an operator or a service manager does: stop, and give everything up first. */
function leave(cluster: Cluster, name: string, deadlineMs: number): { over: boolean } {
  const seen = { over: false };
  void cluster.node(name).daemon.stop('drain', deadlineMs).finally(() => {
    seen.over = true;
  });
  return seen;
}

it('a node that leaves hands over every path, ends its session, and leaves no evidence', async () => {
  const cluster = await twoNodes();
  const session = cluster.sessionOf('n1');
  const left = leave(cluster, 'n1', 30_000);
  await cluster.until(() => left.over, 10_000);
  await cluster.until(() => cluster.pathsOf('n2').length === 4, 5_000);
  expect(cluster.stateOf('n1', 'node')).toBe('left');
  const { locks, exclusions, nodes } = await cluster.view();
  expect([...locks.values()].map(({ node, pendingExclusion }) => ({ node, pendingExclusion })))
    .toEqual(Array.from({ length: 4 }, () => ({ node: 'n2', pendingExclusion: null })));
  expect({ excluded: exclusions.size, alive: nodes.get('n1')?.session ?? null }).toEqual({ excluded: 0, alive: null });
  expect(session).not.toBe('');
});

it('a node that cannot let go of a path within its deadline stops all the same, and keeps its session', async () => {
  const cluster = await twoNodes();
  const { faults } = cluster.node('n1');
  faults.always('address.ensureRemoved', { kind: 'refuse', reason: 'it hangs' });
  const session = cluster.sessionOf('n1');
  const left = leave(cluster, 'n1', 3_000);
  await cluster.until(() => left.over, 5_000);
  const { nodes, locks } = await cluster.view();
  expect(nodes.get('n1')?.session).toBe(session);
  expect([...locks.values()].filter(({ holder }) => holder === session)).toHaveLength(2);
});

it('a node that joined and leaves while Consul cannot be reached lets go of nothing that others could take twice',
  async () => {
    const cluster = await twoNodes();
    cluster.node('n1').cutOff = true;
    const left = leave(cluster, 'n1', 30_000);
    await cluster.until(() => left.over || cluster.pathsOf('n1').length === 0, 12_000);
    await cluster.pass(10_000);
    expect(cluster.pathsOf('n1')).toEqual([]);
  });
