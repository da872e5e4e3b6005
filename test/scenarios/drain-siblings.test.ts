// A node that is drained serves both paths of a disk: whoever is connected to both is never without one.
import { expect, it } from 'vitest';
import { fewNodes } from './adoption.ts';
import type { Cluster } from './cluster.ts';

const initiator = '10.9.0.2';
const connect = (cluster: Cluster, node: string, ip: string, port: number) =>
  cluster.network.host(node).connections.push({ portal: { ip, port: 3_260 }, peer: { ip: initiator, port } });

async function drainedNode() {
  const cluster = await fewNodes({ names: ['n1'], disks: 1 });
  await cluster.start('n2');
  connect(cluster, 'n1', '10.0.1.1', 40_001);
  connect(cluster, 'n1', '10.0.1.2', 40_002);
  await cluster.pass(12_000);
  await cluster.put('drains/n1', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
  await cluster.until(() => cluster.servers('d1/1').includes('n2'), 5_000);
  return cluster;
}

it('the second path goes when the initiator is back on the first', async () => {
  const cluster = await drainedNode();
  await cluster.pass(5_000);
  expect(cluster.servers('d1/2')).toEqual(['n1']);
  connect(cluster, 'n2', '10.0.1.1', 41_001);
  await cluster.until(() => cluster.servers('d1/2').includes('n2'), 5_000);
});

it('the second path goes all the same when the initiator stays away', async () => {
  const cluster = await drainedNode();
  await cluster.until(() => cluster.servers('d1/2').includes('n2'), 12_000);
});
