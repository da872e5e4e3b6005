// One gateway host with real Consul, a real tgtd and the daemon, 1,000 paths on it, and a second host that writes.
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { stringify } from 'yaml';
import type { DiskSpec } from '../../src/core/records.ts';
import { regionBytes } from '../lab/block.ts';
import { Hopeless, until } from '../lab/clock.ts';
import { consulBinary } from '../lab/get-consul.ts';
import { Network, type Host } from '../lab/hosts.ts';
import { Initiator } from '../lab/initiator.ts';
import { end, isRunning, launch, run } from '../lab/processes.ts';
import { Targets } from '../lab/target.ts';
import type { WriterPath } from '../lab/writer.ts';
import { held, pathsPerDisk } from './disks.ts';
import { putKeys } from './kv.ts';
import { ConnectProbe } from './connect-probe.ts';
import { program } from './program.ts';

const disks = 250;
const port = 3260;
const http = 7480;
const prefix = 'pathwarden/';
const writtenDisks = 3;

export class Thousand {
  readonly network: Network;
  readonly gateway: Host;
  readonly #targets: Targets;
  readonly folder = `/tmp/pwlab-${String(process.pid)}`;
  readonly #images = `/dev/shm/pwlab-${String(process.pid)}`;
  readonly initiator: Initiator;
  readonly probe: ConnectProbe;
  readonly #children: ChildProcess[] = [];
  readonly #command: string;
  #daemon: ChildProcess | undefined;

  private constructor(network: Network, gateway: Host, writer: Host, command: string) {
    this.network = network;
    this.gateway = gateway;
    this.#command = command;
    for (const folder of [this.folder, `${this.folder}/${gateway.name}`, this.#images]) {
      mkdirSync(folder, { recursive: true });
    }
    this.#targets = new Targets(network, this.folder);
    const inside = ({ pathname }: URL) => network.inside(writer, [process.execPath, pathname]);
    const initiating = new URL('../lab/initiator-process.ts', import.meta.url);
    this.initiator = new Initiator(inside(initiating), `${this.folder}/initiator.log`);
    const probing = new URL('./connect-probe-process.ts', import.meta.url);
    this.probe = new ConnectProbe(inside(probing), `${this.folder}/probe.log`);
  }

  static async open(): Promise<Thousand> {
    const command = await program();
    const network = await Network.open();
    const [gateway, writer] = [await network.add('n1', 11), await network.add('i', 10)];
    const thousand = new Thousand(network, gateway, writer, command);
    await thousand.#startParts(await consulBinary());
    return thousand;
  }

  get ips(): readonly string[] {
    return Array.from({ length: disks * pathsPerDisk }, (_, at) => this.#ip(at));
  }

  get journal(): string {
    return `${this.folder}/state/journal.db`;
  }

  get #consul(): string {
    return `http://${this.gateway.address}:8500`;
  }

  /** 250 disks with four paths each; resolves when the daemon serves them all and its announcements are over. */
  async serve(deadlineMs: number): Promise<void> {
    const specs = Array.from({ length: disks }, (_, disk) => this.#spec(disk));
    await putKeys(this.#consul, specs.map((spec, disk) => [`${prefix}disks/${diskId(disk)}`, JSON.stringify(spec)]));
    await this.servesAll(deadlineMs);
  }

  async servesAll(deadlineMs: number): Promise<void> {
    await until('every path is served', deadlineMs, async () => (await this.serving()) === disks * pathsPerDisk, 500);
  }

  wipeState(): void {
    rmSync(`${this.folder}/state`, { recursive: true });
  }

  async serving(): Promise<number> {
    const text = await (await fetch(`http://${this.gateway.address}:${String(http)}/metrics`)).text();
    return Number(/^pathwarden_paths_serving (\d+)/m.exec(text)?.[1] ?? 0);
  }

  /** Sessions that hold path locks now, with how many. */
  locks(): Promise<ReadonlyMap<string, number>> {
    return held(this.#consul, prefix);
  }

  /** A few writers on the first disks; the paths of one disk write to regions of their own. */
  async write(): Promise<void> {
    const paths = Array.from({ length: writtenDisks * pathsPerDisk }, (_, at): WriterPath => {
      const disk = diskId(Math.floor(at / pathsPerDisk));
      const region = at % pathsPerDisk;
      const name = `${disk}/${String(region + 1)}`;
      return { name, disk, ip: this.#ip(at), port, iqn: iqnOf(disk), tag: at + 1, region };
    });
    await this.initiator.start(paths, 50, this.#images);
    await this.probe.start(this.ips, port);
  }

  /** Everything that was acknowledged is on the disks, and is read through every path. */
  finish(): Promise<string[]> {
    const written = Array.from({ length: writtenDisks }, (_, disk) => diskId(disk));
    return this.initiator.finish(Object.fromEntries(written.map((disk) => [disk, this.#image(disk)])));
  }

  startDaemon(): void {
    const argv = [process.execPath, this.#command, 'agent', '--config', this.#writeConfig()];
    this.#daemon = launch(this.network.inside(this.gateway, argv), `${this.folder}/pathwarden.log`);
  }

  async killDaemon(): Promise<void> {
    await end(this.#daemon, 'SIGKILL');
  }

  async ready(deadlineMs: number): Promise<void> {
    const url = `http://${this.gateway.address}:${String(http)}/readyz`;
    await until('the daemon is ready', deadlineMs, async () => {
      if (!isRunning(this.#daemon)) throw new Hopeless(`it has ended: ${this.#lastWords()}`);
      return (await fetch(url, { signal: AbortSignal.timeout(500) })).ok;
    }, 5);
  }

  async close(): Promise<void> {
    await this.killDaemon();
    await Promise.all(this.#children.map((child) => end(child, 'SIGKILL')));
    await this.network.close();
    this.#targets.close();
    for (const folder of [this.#images, this.folder]) rmSync(folder, { recursive: true, force: true });
  }

  async #startParts(binary: string): Promise<void> {
    const { gateway, network } = this;
    const agent = [
      binary, 'agent', '-dev', '-node=n1', `-bind=${gateway.address}`, `-client=127.0.0.1 ${gateway.address}`,
      '-log-level=err', '-disable-host-node-id',
    ];
    this.#children.push(launch(network.inside(gateway, agent), `${this.folder}/consul.log`));
    const health = `${this.#consul}/v1/health/node/n1`;
    await until('Consul answers', 30_000, async () => (await (await fetch(health)).text()).includes('serfHealth'), 100);
    await this.#targets.start(gateway, ['-t', '1']);
    await run(network.inside(gateway, ['sysctl', '-q', '-w', 'net.ipv4.tcp_max_syn_backlog=1024']));
    this.startDaemon();
    await this.ready(30_000);
  }

  #writeConfig(): string {
    const file = `${this.folder}/pathwarden.yaml`;
    writeFileSync(file, stringify({
      node: { name: 'n1', stateDir: `${this.folder}/state` },
      journal: { file: this.journal },
      consul: { url: 'http://127.0.0.1:8500' },
      session: { lockDelayMs: 1000 },
      dataPlane: { kind: 'tgt', tgt: { controlPort: this.#targets.controlPort(this.gateway) } },
      exclusion: { methods: [{ method: 'self', waitMs: 500 }] },
      // Only for the thousand to be there sooner; nobody else has their addresses.
      duplicateProbeMs: 0,
      announceAtMs: [0],
      http: { host: this.gateway.address, port: http },
    }));
    return file;
  }

  #spec(disk: number): DiskSpec {
    const image = this.#image(diskId(disk));
    writeFileSync(image, '');
    truncateSync(image, Math.max(1 << 20, regionBytes * pathsPerDisk));
    return {
      desired: 'started',
      iqn: iqnOf(diskId(disk)),
      wwn: `6001405${diskId(disk).padStart(9, '0')}`,
      backstore: { kind: 'file', path: image },
      access: { initiators: [] },
      paths: Array.from({ length: pathsPerDisk }, (_, at) => ({
        index: at + 1,
        ip: this.#ip(disk * pathsPerDisk + at),
        prefix: this.network.prefixLength,
        interface: this.network.interface,
      })),
    };
  }

  #image(disk: string): string {
    return `${this.#images}/${disk}.img`;
  }

  #ip(at: number): string {
    return this.network.address(1 + Math.floor(at / 250), 1 + (at % 250));
  }

  #lastWords(): string {
    return readFileSync(`${this.folder}/pathwarden.log`, 'utf8').slice(-500);
  }
}

const diskId = (disk: number): string => String(disk + 1).padStart(5, '0');
const iqnOf = (disk: string): string => `iqn.2026-01.net.example:${disk}`;
