// Three machines on one network: two gateways with one shared disk each for two disks, and a host that writes to them.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../lab/clock.ts';
import { PowerSwitch } from '../lab/fence.ts';
import { barLeast, type Report } from '../lab/report.ts';
import { judgeMachine, takeResult } from './judge-machine.ts';
import { type Machine, type Run, startMachine } from './machine.ts';
import type { Found } from './run-vitest.ts';

const gateways = ['n1', 'n2'];
const imageBytes = 32 * 1024 * 1024;

export async function tryTakeover(found: Found, choice: Run): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pathwarden-takeover-'));
  const machines = new Map<string, Machine>();
  const power = await PowerSwitch.open('127.0.0.1:0', (node) => powerOff(machines, node));
  try {
    await makeFiles(folder);
    await startAll(machines, { ...choice, folder, powerPort: power.socket.split(':')[1] ?? '' });
    const [name, initiator] = [...machines][0] ?? [];
    if (name === undefined || initiator === undefined) throw new Error('no machine');
    const ended = await initiator.ended;
    takeResult(found, name, ended);
    judgeMachine(found, name, ended);
    for (const [gateway, machine] of [...machines].slice(1)) {
      await writeFile(join(machine.out, 'end'), found.failures.length === 0 ? 'good' : 'bad').catch(() => {});
      judgeMachine(found, gateway, await machine.ended, power.requests.some(({ node }) => node === gateway));
    }
    judgeFencing(found, power);
  } finally {
    for (const machine of machines.values()) await machine.kill();
    power.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The disks that both gateways have, and the token that the other host needs to give orders to their daemons. */
async function makeFiles(folder: string): Promise<void> {
  const token = randomBytes(32).toString('hex');
  for (const name of gateways) {
    await mkdir(join(folder, name, 'state'), { recursive: true });
    await writeFile(join(folder, name, 'state/operator-token'), token, { mode: 0o600 });
  }
  for (const disk of ['1', '2']) {
    await writeFile(join(folder, `disk${disk}`), '');
    await truncate(join(folder, `disk${disk}`), imageBytes);
  }
}

interface Starting extends Run {
  readonly folder: string;
  readonly powerPort: string;
}

/** The host that survives comes first: the cables of the others end in it. */
async function startAll(machines: Map<string, Machine>, starting: Starting): Promise<void> {
  const { folder, powerPort } = starting;
  const start = async (name: string, script: string, devices: readonly string[]): Promise<void> => {
    const argv = [process.execPath, script, name, folder, `10.0.2.2:${powerPort}`];
    const workFolder = new URL('../..', import.meta.url).pathname;
    const say = (text: string): void => starting.say(`${name}: ${text}`);
    machines.set(name, await startMachine({ ...starting, argv, workFolder, say, memoryMegabytes: 1536, devices }));
  };
  const cards = [...hubOf(folder), ...management];
  await start('i', 'test/vm/takeover/initiator.ts', [...cards, ...disksOf(folder, 'readonly=on')]);
  await until('the network is there', 10_000, () => gateways.every((name) => existsSync(cableOf(folder, name))));
  for (const [position, name] of gateways.entries()) {
    const cable = `-netdev stream,id=lan,server=off,addr.type=unix,addr.path=${cableOf(folder, name)}`;
    const card = `-device virtio-net-pci,netdev=lan,mac=52:54:00:00:00:0${position + 1}`;
    const disks = disksOf(folder, 'readonly=off');
    await start(name, 'test/vm/takeover/gateway.ts', [...words(cable, card), ...management, ...disks]);
  }
}

const words = (...lines: readonly string[]): string[] => lines.flatMap((line) => line.split(' '));

const cableOf = (folder: string, name: string): string => join(folder, `${name}.sock`);

/** A hub with a cable to each gateway. It needs nothing of the host's network. */
const hubOf = (folder: string): string[] =>
  words(
    '-netdev hubport,id=lan,hubid=0 -device virtio-net-pci,netdev=lan,mac=52:54:00:00:00:09',
    ...gateways.flatMap((name) => [
      `-netdev stream,id=${name},server=on,addr.type=unix,addr.path=${cableOf(folder, name)}`,
      `-netdev hubport,id=port-${name},hubid=0,netdev=${name}`,
    ]),
  );

/** A second network card, by which the power switch of the host is reached, and nothing else. */
const management = words('-netdev user,id=management -device virtio-net-pci,netdev=management');

/** Every machine sees what another one has written: all go through the page cache of the one host. */
const disksOf = (folder: string, access: string): string[] =>
  words(
    ...['1', '2'].flatMap((disk) => [
      `-drive if=none,id=disk${disk},file=${join(folder, `disk${disk}`)},format=raw,file.locking=off,${access}`,
      `-device virtio-blk-pci,drive=disk${disk},share-rw=on`,
    ]),
  );

/** Gives the evidence. Throws unless the machine's process is seen to have ended. */
async function powerOff(machines: ReadonlyMap<string, Machine>, node: string): Promise<string> {
  const machine = machines.get(node);
  if (machine === undefined || !gateways.includes(node)) throw new Error(`there is no gateway ${node}`);
  await machine.kill();
  return `${node}: the process of its virtual machine has ended`;
}

/** The first one was the accident itself; after it the other gateway must have asked, and had its proof. */
export function judgeFencing(report: Report, { requests }: Pick<PowerSwitch, 'requests'>): void {
  const [accident, ...fences] = requests;
  const proven = fences.filter(({ node, answer }) => node === accident?.node && answer.proven);
  barLeast(report, 'fencesProven', proven.length, 1);
  for (const { node } of fences) if (node !== accident?.node) report.failures.push(`${node} was fenced without need`);
}
