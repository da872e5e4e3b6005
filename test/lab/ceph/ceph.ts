// A real Ceph on a host of its own: one monitor, one manager, one OSD. Every other host reaches it over the bridge.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Host, Network } from '../hosts.ts';
import { run } from '../processes.ts';
import { cephConf, startCephDaemons } from './daemons.ts';

const port = 3300;
const patienceMs = 180_000;
/** Of the gateways, as the documentation says: clients of images that may fence and clear. */
const userCaps = [
  'mon',
  'allow r, allow command "osd blocklist" with blocklistop=add, allow command "osd blocklist" with blocklistop=rm',
  'osd',
  'allow *',
];

export class LabCeph {
  readonly host: Host;
  readonly conf: string;
  /** The Ceph user of the gateways. */
  readonly id = 'pathwarden';
  readonly pools = ['rbd', 'vms'];
  readonly #network: Network;
  readonly #folder: string;

  constructor(network: Network, host: Host, folder: string) {
    this.#network = network;
    this.host = host;
    this.#folder = folder;
    this.conf = `${folder}/ceph.conf`;
  }

  async start(): Promise<void> {
    const folder = this.#folder;
    mkdirSync(folder, { recursive: true });
    const place = { folder, ip: this.host.address, port };
    writeFileSync(this.conf, cephConf(place));
    await startCephDaemons({ ...place, osds: [0], must: (...argv) => this.must(...argv) });
    for (const pool of this.pools) {
      await this.must('ceph', 'osd', 'pool', 'create', pool, '8');
      await this.must('rbd', 'pool', 'init', pool);
      await this.must('rbd', 'config', 'pool', 'set', pool, 'rbd_cache', 'false');
    }
    const keyring = `${folder}/client.${this.id}.keyring`;
    await this.must('ceph', 'auth', 'get-or-create', `client.${this.id}`, ...userCaps, '-o', keyring);
  }

  /** Runs as client.admin on Ceph's own host and gives what it printed. Throws when it fails. */
  async must(program: string, ...argv: readonly string[]): Promise<string> {
    return run(this.#network.inside(this.host, [program, '--conf', this.conf, ...argv]), patienceMs);
  }

  /** argv of a client of Ceph with that host's address and the gateways' user. */
  clientOn(host: Host, program: string, ...argv: readonly string[]): string[] {
    return this.#network.inside(host, [program, '--conf', this.conf, '--id', this.id, ...argv]);
  }

  /** Everybody whom it refuses, as Ceph spells it. */
  async blocklist(): Promise<string[]> {
    const lines = (await this.must('ceph', 'osd', 'blocklist', 'ls')).split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(' ')[0] ?? '').toSorted();
  }

  /** The data is of no use to anybody afterwards. */
  forget(): void {
    for (const data of ['osd.0', 'mon.a']) rmSync(`${this.#folder}/${data}`, { recursive: true, force: true });
  }
}

/** How Ceph spells the whole host. */
export const entryOf = (host: Host): string => `${host.address}:0/0`;
