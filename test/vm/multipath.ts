// A disk with two paths under a real initiator: a path is closed and opened, and the daemon is killed, while it writes.
import { setTimeout as sleep } from 'node:timers/promises';
import { lioTarget } from '../../adapters/target/lio.ts';
import { createKernelWorld, type KernelWorld } from '../contract/dataplane/kernel-world.ts';
import { now, until } from '../lab/clock.ts';
import { ConsulServers } from '../lab/consul.ts';
import type { Gateway } from '../lab/gateway.ts';
import { consulBinary } from '../lab/get-consul.ts';
import { Initiator } from '../lab/initiator.ts';
import { run } from '../lab/processes.ts';
import { bar, barMedian, keep, type Report } from '../lab/report.ts';
import { must } from './curve.ts';
import { gatewayOn, here, hostAt, iqnOf, move, patienceMs, serves, specOf } from './cluster.ts';
import { fencedBy } from '../lab/storage.ts';
import type { DevicePath } from './device-writer.ts';
import { sayingLogs } from './logs.ts';
import { connectionsNow, login, multipathOf, startInitiator } from './open-iscsi.ts';
import { finish, goesOn, pauseMs, seen, switchMostMs, type Writers, writersOf } from './writing.ts';

const disk = '00001';
const ips = ['10.9.0.101', '10.9.0.102'];
const undisturbedMs = 8000;
const logs = '/run/logs';

export async function tryMultipath(report: Report): Promise<void> {
  const world = await createKernelWorld();
  await sayingLogs([logs, world.folder], () => disturb(world, report));
}

async function disturb(world: KernelWorld, report: Report): Promise<void> {
  const image = await world.image('disk', 32 * 1024 * 1024);
  const [real, other] = await startCluster(world);
  console.log('the daemons are ready');
  await real.addDisk(disk, specOf(disk, { kind: 'file', path: image }, ips));
  for (const index of [1, 2]) {
    await until(`path ${index} is served`, patienceMs, async () => {
      if (await serves(other, disk, index)) await move(disk, index, other, real);
      return serves(real, disk, index);
    }, 250);
  }
  console.log('both paths are served');
  await startInitiator(logs);
  const paths = [];
  for (const ip of ips) paths.push(await login(iqnOf(disk), ip, 'multipath'));
  const device = await multipathOf(paths);
  console.log(`${device} has two paths`);
  const argv = [process.execPath, new URL('writer-process.ts', import.meta.url).pathname];
  const writers: Writers = new Initiator<DevicePath>(argv, `${logs}/writers.log`);
  await writers.start(writersOf({ [disk]: device }), pauseMs, '');
  await undisturbed(writers, report);
  console.log('a path is closed and opened, three times');
  const rounds = [];
  for (let round = 0; round < 3; round += 1) rounds.push(await closeAndOpen(writers, real, other));
  barMedian(report, 'pathClosedLongestWriteMs', rounds.map(({ closedMs }) => closedMs), switchMostMs);
  barMedian(report, 'pathOpenedLongestWriteMs', rounds.map(({ openedMs }) => openedMs), switchMostMs);
  console.log('the daemon is killed');
  await killDaemon(writers, report, real);
  await finish(writers, report, { [disk]: image }, 'multipath');
  // Another part may follow in this machine.
  for (const gateway of [real, other]) await gateway.kill();
  must(await lioTarget().ensureRemoved({ disk, iqn: iqnOf(disk) }, { deadlineMs: patienceMs }));
}

/** Two daemons: the one with the kernel's target, and one that serves nothing real and so can hold a closed path. */
async function startCluster(world: KernelWorld): Promise<readonly [Gateway, Gateway]> {
  const hosts = [hostAt('n1', '10.9.0.1'), hostAt('n2', '10.9.0.3')] as const;
  for (const { address } of hosts) await run(['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'], patienceMs);
  const [first] = hosts;
  const consul = new ConsulServers(here, [first], await consulBinary(), world.folder, 5);
  consul.start(first);
  await until('Consul has a leader', patienceMs, async () => (await consul.leader()) !== undefined, 250);
  const gateways = (['lio', 'memory'] as const).map((kind, position) =>
    gatewayOn(hosts[position] ?? first, {
      dataPlane: { kind },
      storage: fencedBy(['false']),
      folder: `${world.folder}/${kind}`,
    }),
  );
  const [real, other] = gateways;
  if (real === undefined || other === undefined) throw new Error('there are two');
  for (const gateway of [real, other]) {
    gateway.start();
    await until(`${gateway.host.name} is ready`, patienceMs, () => gateway.ready(), 250);
  }
  return [real, other];
}

async function undisturbed(writers: Writers, report: Report): Promise<void> {
  await until('the writers write', patienceMs, () => goesOn(writers, disk, 0), 100);
  const from = now();
  await sleep(undisturbedMs);
  const { longestMs, medianMs } = await seen(writers, disk, from);
  keep(report, 'undisturbedMedianWriteMs', medianMs);
  keep(report, 'undisturbedLongestWriteMs', longestMs);
}

/** The longest write of each. */
async function closeAndOpen(writers: Writers, real: Gateway, other: Gateway) {
  const begun = now();
  await move(disk, 1, real, other);
  const closed = now();
  await until('the writers go on', patienceMs, () => goesOn(writers, disk, closed), 100);
  const { longestMs: closedMs } = await seen(writers, disk, begun);
  const opening = now();
  await move(disk, 1, other, real);
  await until('both paths carry a connection', patienceMs, async () => (await connectionsNow()).length === 2, 250);
  const { longestMs: openedMs } = await seen(writers, disk, opening);
  console.log(`longest write: ${closedMs.toFixed(0)} ms as it closed, ${openedMs.toFixed(0)} ms as it opened`);
  return { closedMs, openedMs };
}

async function killDaemon(writers: Writers, report: Report, real: Gateway): Promise<void> {
  const before = await connectionsNow();
  const from = now();
  await real.kill();
  real.start();
  await until('the daemon is ready again', patienceMs, () => real.ready(), 250);
  for (const index of [1, 2]) {
    await until(`path ${index} is adopted`, patienceMs, () => serves(real, disk, index), 100);
  }
  const ready = now();
  await until('the writers go on', patienceMs, () => goesOn(writers, disk, ready), 100);
  keep(report, 'daemonKilledLongestWriteMs', (await seen(writers, disk, from)).longestMs);
  const after = await connectionsNow();
  const lost = before.filter((connection) => !after.includes(connection));
  if (lost.length > 0) console.log(`the restart of the daemon cut ${lost.join(', ')}`);
  bar(report, 'sessionsLostByRestart', lost.length, 0);
}
