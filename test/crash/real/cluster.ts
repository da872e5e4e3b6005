// Two nodes as real processes around an embedded Consul in this one. The first is the one that dies.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../adapters/clock/system.ts';
import { startEmbeddedConsul, type EmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import { bannerOf } from '../../../src/cli/demo/banner.ts';
import { addDisks } from '../../../src/cli/demo/disks.ts';
import { claimAddresses, portFinder, type AddressBlock } from '../../../src/cli/demo/places.ts';
import type { Portal } from '../../../src/cli/demo/prober.ts';
import { recover } from '../../../src/core/recover.ts';
import { holds, RealNode } from './node.ts';

const firstInspectorPort = 8_480;
const bannerMs = 500;
const settleMs = 20_000;
const startMs = 60_000;
const disks = 2;

export class RealCluster {
  readonly victim: RealNode;
  readonly other: RealNode;
  readonly portals: readonly Portal[];
  readonly #consul: EmbeddedConsul;
  readonly #addresses: AddressBlock;
  readonly #directory: string;

  private constructor(consul: EmbeddedConsul, addresses: AddressBlock, directory: string, nodes: [RealNode, RealNode]) {
    this.#consul = consul;
    this.#addresses = addresses;
    this.#directory = directory;
    [this.victim, this.other] = nodes;
    this.portals = Array.from({ length: disks }, (_, at) => {
      const disk = `0000${String(at + 1)}`;
      return {
        disk, index: 1, path: `${disk}/1`, ip: addresses.ipOf(at + 1, 1), port: addresses.portalPort,
        iqn: `iqn.2026-01.net.example:${disk}`,
      };
    });
  }

  static async start(): Promise<RealCluster> {
    const addresses = await claimAddresses();
    const consul = await startEmbeddedConsul({ clock: systemClock(), nodeName: 'crash', adoptNodes: true });
    const root = await mkdtemp(join(tmpdir(), 'pathwarden-crash-'));
    const port = portFinder(firstInspectorPort);
    const { portalPort } = addresses;
    const nodeOf = async (name: string) =>
      new RealNode({ name, root, consulUrl: consul.url, portalPort }, await port());
    const cluster = new RealCluster(consul, addresses, root, [await nodeOf('n1'), await nodeOf('n2')]);
    try {
      await cluster.#comeUp();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #comeUp(): Promise<void> {
    for (const node of this.nodes) await node.start();
    await this.ready();
    await addDisks(this.nodes.map(({ client }) => client), this.portals, AbortSignal.timeout(startMs));
    const trouble = await this.settled();
    if (trouble !== null) throw new Error(`the cluster does not come up: ${trouble}`);
  }

  get nodes(): readonly RealNode[] {
    return [this.victim, this.other];
  }

  async ready(): Promise<void> {
    for (const node of this.nodes) {
      if (!(await holds(() => node.isReady(), settleMs))) throw new Error(`${node.name} is not ready`);
    }
  }

  /** Null once everything is as without a crash; else what is not, after a while. */
  async settled(): Promise<string | null> {
    let trouble: string | null = 'nothing was seen';
    await holds(async () => {
      trouble = await this.#trouble();
      return trouble === null;
    }, settleMs);
    return trouble;
  }

  /** The path that this node serves, or one that it does not serve. */
  async pathOf(node: RealNode, serves: boolean): Promise<string | undefined> {
    const { disks: all } = await this.other.client.cluster();
    const paths = all.flatMap(({ disk, paths: of }) => of.map(({ index, owner }) => ({ disk, index, owner })));
    const found = paths.find(({ owner }) => (owner === node.name) === serves);
    return found === undefined ? undefined : `${found.disk}/${String(found.index)}`;
  }

  /** What the dead daemon left can be read and replayed. Answers what is wrong with it. */
  async journalTrouble(): Promise<string | null> {
    const journal = sqliteJournal({ file: this.victim.journal });
    try {
      const contents = await journal.open();
      if (contents.setAside !== undefined) return `its journal was set aside: ${contents.setAside.reason}`;
      recover(contents);
      return null;
    } catch (error) {
      return `its journal cannot be recovered: ${String(error)}`;
    } finally {
      await journal.close();
    }
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.signal('SIGKILL');
    await Promise.all(this.nodes.map(({ ended }) => ended));
    await this.#consul.stop();
    this.#addresses.release();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #trouble(): Promise<string | null> {
    for (const node of this.nodes) {
      if (!(await node.isReady())) return `${node.name} is not ready`;
      const waiting = (await node.actors()).flatMap(({ id, pending }) => pending.map(({ type }) => `${id} ${type}`));
      // A path that failed here holds back for a while: that changes nothing for anybody.
      const open = waiting.find((each) => !each.endsWith('timer.arm'));
      if (open !== undefined) return `${node.name} waits: ${open}`;
    }
    const { disks: all, nodes, exclusions } = await this.other.client.cluster();
    const known = all.reduce((sum, { paths }) => sum + paths.length, 0);
    if (known < this.portals.length) return `${this.other.name} knows ${String(known)} paths`;
    if (exclusions.length > 0) return `${exclusions[0]?.node ?? ''} was excluded`;
    const draining = nodes.find((node) => node.draining !== null);
    if (draining !== undefined) return `${draining.node} is drained`;
    for (const { disk, paths } of all) {
      for (const { index, owner, pendingExclusion, moving, ip } of paths) {
        const path = `${disk}/${String(index)}`;
        if (moving !== null || pendingExclusion !== null) return `${path} is on its way`;
        const banner = await bannerOf({ ip, port: this.#addresses.portalPort }, bannerMs);
        if (banner.kind !== 'answered') return `${path} does not answer`;
        if (banner.node !== owner) return `${path} is served by ${banner.node} and locked by ${String(owner)}`;
      }
    }
    return null;
  }
}
