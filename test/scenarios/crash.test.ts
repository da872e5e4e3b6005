// Crashes that once ended otherwise than a run without them: `npm run crash` found them.
import { expect, it } from 'vitest';
import { crashIn } from '../crash/campaign.ts';
import { scenarios } from '../crash/scenarios.ts';
import { Cluster } from './cluster.ts';

/** What differs from the run without a crash, for a few interleavings. */
async function cut(name: string, moment: string, thenAt?: string): Promise<readonly string[]> {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  const again = thenAt === undefined ? {} : { thenAt };
  const found: string[] = [];
  for (const seed of [1, 2, 3]) found.push(...(await crashIn(scenario, seed, { moment, nth: 1, ...again })).failures);
  return found;
}

it('a move that was asked for and not written is written once Consul was read again', async () => {
  expect(await cut('release', 'move.request: not done')).toEqual([]);
});

it('so is a drain', async () => {
  expect(await cut('drain', 'drain.write: not done')).toEqual([]);
});

it('a disk whose specification is removed already loses its lock keys too', async () => {
  expect(await cut('remove', 'spec.remove: done, not answered')).toEqual([]);
  expect(await cut('remove', 'lockKey.remove: not done')).toEqual([]);
});

it('a fence that was asked for before the crash does not hit a node that is back and excluded already', async () => {
  expect(await cut('reboot', 'fence.run: not done')).toEqual([]);
});

it('a daemon that is ended again while it comes back goes on serving', async () => {
  expect(await cut('restart', 'append: durable, not adopted', 'session.renew: not done')).toEqual([]);
  expect(await cut('release', 'lock.release: done, not answered', 'start: durable, not adopted')).toEqual([]);
  expect(await cut('drain', 'group: durable, not adopted', 'adopted, not dispatched')).toEqual([]);
});

it('a bid for the lock that was not made before the crash is not made for a disk that is gone', async () => {
  expect(await cut('remove', 'lock.acquire: asked for', 'start: durable, not adopted')).toEqual([]);
});

it('a daemon that comes back without its session does not wait for what the last one was to prepare', async () => {
  const cluster = new Cluster();
  const { faults } = await cluster.start('n1');
  faults.always('target.ensureDefined', { kind: 'delay', ms: 4_000 });
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.stateOf('n1', 'disk/d1') === 'defining', 5_000);
  const { journal } = await cluster.lose('n1', 'daemon');
  await cluster.start('n1', journal);
  await cluster.until(() => cluster.allServed(), 20_000);
  expect(cluster.pathsOf('n1')).toEqual(['d1/1']);
});

it('a daemon that is ended while it tears down without Consul serves nothing when it comes back', async () => {
  const cluster = new Cluster();
  await cluster.start('n1');
  await cluster.addDisk('d1', ['10.0.1.1']);
  await cluster.until(() => cluster.allServed(), 5_000);
  const { faults } = cluster.node('n1');
  faults.always('traffic.ensureBlocked', { kind: 'delay', ms: 60_000 });
  cluster.node('n1').cutOff = true;
  await cluster.until(() => cluster.stateOf('n1', 'node').startsWith('fencing'), 12_000);
  await cluster.start('n1', await cluster.kill('n1', 'daemon'), true);
  const tookMs = await cluster.until(() => cluster.pathsOf('n1').length === 0, 1_000);
  expect(tookMs).toBeLessThanOrEqual(1_000);
});
