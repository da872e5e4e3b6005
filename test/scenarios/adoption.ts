// What the scenarios of adoption share: a small cluster, things on a host that are not ours, and what disturbs service.
import { expect } from 'vitest';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { memoryJournal, type MemoryJournal } from '../../adapters/journal/memory.ts';
import { Cluster, type Node } from './cluster.ts';

const stopping = new Set(['traffic.block', 'portal.close', 'address.remove', 'lock.release', 'target.remove',
  'backstore.detach', 'session.destroy']);

/** A copy of its journal as it is on disk now. */
export function backupOf({ journal: { image } }: Node): MemoryJournal {
  const { records, snapshots, earlier } = image;
  const copy = { records: [...records], snapshots: new Map(snapshots), earlier: [...earlier] };
  return memoryJournal({ image: { ...copy, holder: null, asides: [] } });
}

export const askedBy = (node: Node): string[] =>
  node.records.flatMap(({ intents }) => intents.map(({ type }) => type));

/** Intents of a daemon that take service away, if only for a moment. */
export const disturbing = (node: Node): string[] => askedBy(node).filter((type) => stopping.has(type));

export async function fewNodes({ disks = 2, names = ['n1', 'n2'] } = {}): Promise<Cluster> {
  const cluster = new Cluster();
  for (const name of names) await cluster.start(name);
  for (let disk = 1; disk <= disks; disk += 1) {
    await cluster.addDisk(`d${String(disk)}`, [1, 2].map((index) => `10.0.${String(disk)}.${String(index)}`));
  }
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(1_000);
  return cluster;
}

/** Every path is served by the node, and its actors know. */
export async function adoptedAll(cluster: Cluster, name: string, paths: readonly string[]): Promise<void> {
  const isAdopted = (path: string) =>
    cluster.servers(path).includes(name) && cluster.stateOf(name, `path/${path}`) === 'enabled';
  await cluster.until(() => paths.every(isAdopted), 10_000);
  expect(paths.length).toBeGreaterThan(0);
  const { locks } = await cluster.view();
  for (const path of paths) expect(epochOf(cluster, name, path), path).toBe(locks.get(path)?.epoch);
}

function epochOf(cluster: Cluster, name: string, path: string): number | undefined {
  const context = cluster.node(name).daemon.engine.registry.ensure(`path/${path}`).snapshot.context as DiskPathContext;
  return context.lock?.epoch;
}

const address = { ip: '192.0.2.9', prefix: 24, interface: 'eth0' };
const target = {
  disk: 'other', iqn: 'iqn.2020-01.com.example:other', wwn: '600000000000ffff', access: { initiators: [] },
  backing: { kind: 'memory', path: 'other', sizeBytes: 1 },
} as const;

/** Somebody else's address, target and portal on the host. */
export function plantForeign(cluster: Cluster, name: string): void {
  const host = cluster.network.host(name);
  host.addresses.set(address.ip, address);
  host.targets.set(target.iqn, target);
  host.portals.set(`${address.ip} 3260`, target.iqn);
}

export function foreign(cluster: Cluster, name: string): object {
  const host = cluster.network.host(name);
  return {
    address: host.addresses.get(address.ip), target: host.targets.get(target.iqn),
    portal: host.portals.get(`${address.ip} 3260`),
  };
}

foreign.planted = { address, target, portal: target.iqn };
