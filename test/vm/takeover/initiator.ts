// Runs inside the host that writes: Consul's server, the initiator, and whoever moves paths and cuts the power.
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { now, until } from '../../lab/clock.ts';
import { ConsulServers } from '../../lab/consul.ts';
import { consulBinary } from '../../lab/get-consul.ts';
import { Initiator } from '../../lab/initiator.ts';
import { run } from '../../lab/processes.ts';
import { emptyReport, keep, message } from '../../lab/report.ts';
import { here, iqnOf, move, patienceMs, serves, specOf } from '../cluster.ts';
import type { DevicePath } from '../device-writer.ts';
import { sayingLogs } from '../logs.ts';
import { login, multipathOf, startInitiator } from '../open-iscsi.ts';
import { finish, goesOn, pauseMs, seen, type Writers, writersOf } from '../writing.ts';
import { fenceArgv, gatewayHosts, gatewayIn, initiatorHost, joinNetwork, patientGossip } from './hosts.ts';
import { moveOneOfTwo, moveTheOnly } from './moves.ts';

const undisturbedMs = 10_000;

const disks = [
  { disk: '00001', device: '/dev/vda', ips: ['10.9.0.101', '10.9.0.102'] },
  { disk: '00002', device: '/dev/vdb', ips: ['10.9.0.103'] },
] as const;
const paths = disks.flatMap(({ disk, ips }) => ips.map((_ip, position) => ({ disk, index: position + 1 })));
/** Odd: the first path of each disk begins with the survivor and is with the victim in the end. */
const [movesOfOneOfTwo, movesOfTheOnly] = [5, 3];
const [twoPaths, onePath] = disks;

const [, folder = '', power = ''] = process.argv.slice(2);
const logs = `${folder}/i`;
const report = emptyReport();
const [victim, survivor] = [gatewayIn(folder, gatewayHosts[0], power), gatewayIn(folder, gatewayHosts[1], power)];
const gateways = [victim, survivor] as const;
mkdirSync(logs, { recursive: true });
try {
  await sayingLogs([logs], () => tryTakeover());
} catch (error) {
  report.failures.push(message(error));
}
writeFileSync('/run/out/result.json', JSON.stringify(report));
process.exit(0);

async function tryTakeover(): Promise<void> {
  await joinNetwork(initiatorHost.address);
  const consul = new ConsulServers(here, [initiatorHost], await consulBinary(), folder, 5);
  consul.hcl = patientGossip;
  consul.start(initiatorHost);
  await startInitiator(logs);
  for (const gateway of gateways) {
    const isReady = async (): Promise<boolean> => (await gateway.reasons()) === '';
    await until(`${gateway.host.name} is ready`, patienceMs, isReady, 500);
  }
  console.log('the daemons are ready');
  await addDisks();
  console.log('all paths are served');
  const writers = await startWriters();
  console.log('the writers write');
  await undisturbed(writers);
  const moving = { writers, report, consul, gateways: [survivor, victim], connections: paths.length } as const;
  await moveOneOfTwo(moving, twoPaths.disk, twoPaths.ips[0], movesOfOneOfTwo);
  await moveTheOnly(moving, onePath.disk, onePath.ips[0], movesOfTheOnly);
  console.log('a gateway is switched off');
  await cutPower(writers);
  await finish(writers, report, Object.fromEntries(disks.map(({ disk, device }) => [disk, device])), 'takeover');
}

async function addDisks(): Promise<void> {
  for (const { device, disk, ips } of disks) {
    await victim.addDisk(disk, specOf(disk, { kind: 'block', path: device }, ips));
  }
  for (const { disk, index } of paths) {
    await until(`path ${disk}/${index} is served by ${survivor.host.name}`, patienceMs, async () => {
      if (await serves(victim, disk, index)) await move(disk, index, victim, survivor);
      return serves(survivor, disk, index);
    }, 500);
  }
}

async function startWriters(): Promise<Writers> {
  const devices: Record<string, string[]> = {};
  for (const { disk, ips } of disks) {
    const use = ips.length > 1 ? 'multipath' : 'onePath';
    for (const ip of ips) (devices[disk] ??= []).push(await login(iqnOf(disk), ip, use));
  }
  const one = devices[onePath.disk]?.[0] ?? '';
  const two = await multipathOf(devices[twoPaths.disk] ?? []);
  const argv = [process.execPath, new URL('../writer-process.ts', import.meta.url).pathname];
  const writers: Writers = new Initiator<DevicePath>(argv, `${logs}/writers.log`);
  await writers.start(writersOf({ [twoPaths.disk]: two, [onePath.disk]: one }), pauseMs, '');
  return writers;
}

/** What this rig does to writes by itself: the machines are emulated, and share the processors of one host. */
async function undisturbed(writers: Writers): Promise<void> {
  await goOn(writers, 0);
  const from = now();
  await sleep(undisturbedMs);
  const [two, one] = [await seen(writers, twoPaths.disk, from), await seen(writers, onePath.disk, from)];
  keep(report, 'undisturbedTwoPathsMedianWriteMs', two.medianMs);
  keep(report, 'undisturbedTwoPathsLongestWriteMs', two.longestMs);
  keep(report, 'undisturbedOnePathMedianWriteMs', one.medianMs);
  keep(report, 'undisturbedOnePathLongestWriteMs', one.longestMs);
}

async function goOn(writers: Writers, from: number): Promise<void> {
  for (const { disk } of disks) {
    await until(`the writers of ${disk} go on`, patienceMs, () => goesOn(writers, disk, from), 100);
  }
}

async function cutPower(writers: Writers): Promise<void> {
  const begun = now();
  console.log(await run([...fenceArgv(power), victim.host.name], patienceMs));
  for (const { disk, index } of paths) {
    await until(`path ${disk}/${index} is taken over`, patienceMs, () => serves(survivor, disk, index), 250);
  }
  keep(report, 'killedServedAgainMs', now() - begun);
  await goOn(writers, now());
  for (const [name, { disk }] of [['TwoPaths', twoPaths], ['OnePath', onePath]] as const) {
    keep(report, `killed${name}LongestWriteMs`, (await seen(writers, disk, begun)).longestMs);
  }
}
