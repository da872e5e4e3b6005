// The whole lab: three gateway hosts with Consul, tgtd and pathwarden, and a fourth host with the initiators.
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { LabCeph } from './ceph/ceph.ts';
import { cephStorage } from './ceph/storage.ts';
import { until } from './clock.ts';
import { ConsulServers } from './consul.ts';
import { PowerSwitch } from './fence.ts';
import { copyProgram, type Folders, keptFolder, makeFolders, script } from './folders.ts';
import { Gateway, type Settings } from './gateway.ts';
import type { Host, Network } from './hosts.ts';
import { Initiator } from './initiator.ts';
import { Observer } from './observer.ts';
import { Partitions } from './partition.ts';
import { disks, type LabPath, labPaths } from './paths.ts';
import { fileStorage, type Storage } from './storage.ts';
import { Targets } from './target.ts';

export type { LabPath } from './paths.ts';

const hostNames = ['n1', 'n2', 'n3'];
const writeEveryMs = 50;
/** Each of its writes takes work of five processes, on the same two cores. */
const writeToCephEveryMs = 100;
/** On a machine that others use, too, a program takes its time to start. */
const startMs = 240_000;

export class Lab {
  readonly network: Network;
  readonly gatewayHosts: readonly Host[];
  readonly initiatorHost: Host;
  readonly partitions: Partitions;
  readonly settings: Settings;
  /** Long scenarios are to be short. */
  readonly quick: boolean;
  readonly gateways: readonly Gateway[];
  readonly consul: ConsulServers;
  readonly targets: Targets;
  readonly power: PowerSwitch;
  readonly observer: Observer;
  readonly initiator: Initiator;
  readonly paths: readonly LabPath[];
  readonly folder: string;
  readonly storage: Storage;
  readonly #ceph: LabCeph | undefined;
  readonly #imageFolder: string;

  private constructor(network: Network, hosts: readonly Host[], folders: Folders, parts: Parts) {
    this.network = network;
    this.gatewayHosts = hosts;
    this.initiatorHost = parts.initiatorHost;
    this.partitions = new Partitions(network);
    this.settings = parts.settings;
    this.quick = parts.quick;
    this.folder = folders.logs;
    this.#imageFolder = folders.images;
    this.paths = labPaths(network);
    this.power = parts.power;
    this.consul = new ConsulServers(network, hosts, parts.consulBinary, folders.logs, parts.raftMultiplier);
    this.targets = new Targets(network, folders.logs);
    const entry = copyProgram(`${folders.logs}/program`);
    this.#ceph = parts.ceph;
    this.storage = this.#storage(parts);
    const peersKeyFile = `${folders.logs}/peers.key`;
    writeFileSync(peersKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 });
    this.gateways = hosts.map((host) => {
      const folder = `${folders.logs}/${host.name}`;
      const dataPlane = { kind: 'tgt', tgt: { controlPort: this.targets.controlPort(host) } };
      const { settings } = parts;
      const storage = this.storage.gateway;
      return new Gateway(network, host, { dataPlane, storage, folder, entry, peersKeyFile, settings });
    });
    const ips = this.paths.map(({ ip }) => ip);
    const port = this.paths[0]?.port ?? 0;
    this.observer = new Observer(script('observer-process.ts'), `${folders.logs}/observer.log`, ips, port);
    const argv = network.inside(parts.initiatorHost, [process.execPath, script('initiator-process.ts')]);
    this.initiator = new Initiator(argv, `${folders.logs}/initiator.log`);
  }

  /** Hosts, Consul, targets, daemons; no disks yet. `opened` hears of it before anything in it can fail. */
  static async open(network: Network, choice: Choice, opened: (lab: Lab) => void): Promise<Lab> {
    const folders = makeFolders();
    const hosts: Host[] = [];
    for (const [index, name] of hostNames.entries()) hosts.push(await network.add(name, 11 + index));
    const initiatorHost = await network.add('i', 100);
    const power = await PowerSwitch.open(`${folders.logs}/power.sock`, (node) => powerOff(network, hosts, node));
    const ceph = choice.ceph ? new LabCeph(network, await network.add('c', 200), `${folders.logs}/ceph`) : undefined;
    const lab = new Lab(network, hosts, folders, { ...choice, power, initiatorHost, ceph });
    opened(lab);
    await ceph?.start();
    lab.observer.watch(hosts);
    await lab.#startParts();
    return lab;
  }

  async addDisks(): Promise<void> {
    for (const disk of disks) await this.storage.addDisk(disk, this.gateway('n1'));
  }

  async startWriters(): Promise<void> {
    const everyMs = this.#ceph === undefined ? writeEveryMs : writeToCephEveryMs;
    await this.initiator.start(this.paths, everyMs, this.#imageFolder);
  }

  /** Ends the writers and gives everything that is lost or wrong on the disks. */
  async finish(): Promise<string[]> {
    await this.initiator.stop();
    const images: Record<string, string> = {};
    for (const disk of disks) images[disk] = await this.storage.bytes(disk);
    return this.initiator.finish(images);
  }

  /** The Ceph on which the images lie. Throws in a lab that has none. */
  get ceph(): LabCeph {
    if (this.#ceph === undefined) throw new Error('this lab has no Ceph: run it with --ceph');
    return this.#ceph;
  }

  gateway(name: string): Gateway {
    const found = this.gateways.find(({ host }) => host.name === name);
    if (found === undefined) throw new Error(`no gateway ${name}`);
    return found;
  }

  /** The host that serves the path, by the observer; undefined when none does. */
  server(path: LabPath): string | undefined {
    return this.observer.timeline.serving(path.ip)[0];
  }

  pathsOf(name: string): LabPath[] {
    return this.paths.filter((path) => this.server(path) === name);
  }

  async powerOff(name: string): Promise<void> {
    await powerOff(this.network, this.gatewayHosts, name);
  }

  /** Power on again: everything starts as after a boot, with the state on disk of before. */
  async boot(name: string): Promise<void> {
    const gateway = this.gateway(name);
    await this.network.power(gateway.host);
    this.observer.watch(this.gatewayHosts);
    this.consul.start(gateway.host);
    await this.targets.start(gateway.host);
    gateway.start();
  }

  /** Every host is up, Consul is whole, every daemon ready, every path served. */
  async settled(deadlineMs = 60_000): Promise<void> {
    await until('Consul has three healthy voters', deadlineMs, () => this.consul.whole(), 250);
    for (const gateway of this.gateways) {
      await until(`${gateway.host.name} is ready`, deadlineMs, () => gateway.ready(), 100);
    }
    await this.allServed(deadlineMs);
  }

  /** Daemons that run with other settings are restarted with these; all at once, so that nobody misses anybody. */
  async use(settings: Settings): Promise<void> {
    if (this.gateways.every((gateway) => isDeepStrictEqual(gateway.settings, settings))) return;
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    for (const gateway of this.gateways) {
      gateway.settings = settings;
      gateway.start();
    }
  }

  async allServed(deadlineMs: number): Promise<void> {
    await until('every path is served', deadlineMs, () => this.paths.every((path) => this.server(path) !== undefined));
  }

  /** Every one of the paths is served, and by another host than the one they had. */
  async servedElsewhere(paths: readonly LabPath[], than: string, deadlineMs: number): Promise<void> {
    await until(`other hosts than ${than} serve its paths`, deadlineMs, () =>
      paths.every((path) => ![undefined, than].includes(this.server(path))),
    );
  }

  /** Spreads the paths evenly, so that every scenario starts alike and every host has something to lose. */
  async balance(): Promise<void> {
    const share = this.paths.length / this.gateways.length;
    // A node that is asked for and slow may be outrun by the next best one: then another path is tried.
    for (let tries = 0; tries < this.paths.length * 2; tries += 1) {
      const poor = this.gateways.find(({ host }) => this.pathsOf(host.name).length < share);
      const rich = this.gateways.find(({ host }) => this.pathsOf(host.name).length > share);
      const path = rich === undefined ? undefined : this.pathsOf(rich.host.name)[0];
      if (poor === undefined || rich === undefined || path === undefined) return;
      await rich.release(path.disk, path.index, poor.host.name);
      await this.servedElsewhere([path], rich.host.name, 10_000);
    }
    throw new Error('the paths cannot be spread evenly');
  }

  async close(keep: boolean): Promise<void> {
    this.power.close();
    this.observer.close();
    await this.network.close();
    this.targets.close();
    this.#ceph?.forget();
    rmSync(this.#imageFolder, { recursive: true, force: true });
    // Renamed, because the next run clears away what carries the name of a dead run.
    if (keep) renameSync(this.folder, keptFolder);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  async #startParts(): Promise<void> {
    for (const host of this.gatewayHosts) {
      mkdirSync(`${this.folder}/${host.name}`, { recursive: true });
      this.consul.start(host);
      await this.targets.start(host);
    }
    await until('Consul has a leader', startMs, async () => (await this.consul.leader()) !== undefined, 100);
    for (const gateway of this.gateways) gateway.start();
    for (const gateway of this.gateways) {
      await until(`${gateway.host.name} is ready`, startMs, () => gateway.ready(), 100);
    }
  }

  #storage({ power, ceph }: Parts): Storage {
    if (ceph !== undefined) return cephStorage(this.network, ceph, this.gatewayHosts, this.#imageFolder);
    return fileStorage(this.network, this.#imageFolder, [process.execPath, script('fence-client.ts'), power.socket]);
  }
}

/** What a run chooses. */
export interface Choice {
  readonly settings: Settings;
  readonly quick: boolean;
  readonly consulBinary: string;
  /** Scales Consul's times between its servers: 1 is for production, 5 is what it starts with. */
  readonly raftMultiplier: number;
  /** Disks are images of a real Ceph, which is also the fence. */
  readonly ceph: boolean;
}

interface Parts extends Omit<Choice, 'ceph'> {
  readonly power: PowerSwitch;
  readonly initiatorHost: Host;
  readonly ceph: LabCeph | undefined;
}

/** Takes a host's power away and gives the evidence. Throws unless every process of it is seen to be gone. */
async function powerOff(network: Network, hosts: readonly Host[], name: string): Promise<string> {
  const host = hosts.find((candidate) => candidate.name === name);
  if (host === undefined) throw new Error(`there is no host ${name}`);
  const killed = await network.kill(host);
  return `${name}: link down, ${killed} processes killed, none left`;
}
