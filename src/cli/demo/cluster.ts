// The cluster of the demo: one Consul, daemons as processes of their own, and what gossip and a power switch would do.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../../adapters/clock/system.ts';
import { startEmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import { PathwardenError } from '../../errors.ts';
import { type Client, createClient } from '../client.ts';
import { addDisks } from './disks.ts';
import { peersKeyFile } from './node-config.ts';
import { bringUp, cancel, type DemoNode, emptyNode, type Surroundings } from './nodes.ts';
import { type AddressBlock, claimAddresses, portFinder } from './places.ts';
import type { Portal } from './prober.ts';

const firstInspectorPort = 7480;
const answerDeadlineMs = 10_000;

export interface ClusterSettings {
  readonly nodes: number;
  readonly disks: number;
  readonly paths: number;
  /** Exists; goes at the end unless `keep`. */
  readonly directory: string;
  readonly keep: boolean;
  /** A node that died is started again after this time; null leaves it dead. */
  readonly returnAfterMs: number | null;
  readonly signal: AbortSignal;
  readonly onNews: (text: string) => void;
}

export interface DemoCluster {
  readonly nodes: readonly DemoNode[];
  readonly portals: readonly Portal[];
  readonly directory: string;
  clientOf(node: DemoNode): Client;
  stop(): Promise<void>;
}

/** Settles when every daemon is ready and the disks are added. Whatever it started is gone when it throws. */
export async function startCluster(settings: ClusterSettings): Promise<DemoCluster> {
  const addresses = await claimAddresses();
  const consul = await startEmbeddedConsul({ clock: systemClock(), nodeName: 'demo', adoptNodes: true });
  const findPort = portFinder(firstInspectorPort);
  const none = { timers: new Set<NodeJS.Timeout>(), starts: new Set<Promise<void>>(), ending: false };
  const { portalPort } = addresses;
  await writeFile(peersKeyFile(settings.directory), randomBytes(32).toString('hex'), { mode: 0o600 });
  const peerAddressOf = (node: string): string => addresses.peerOf(Number(node.slice(1)));
  const around: Surroundings = { ...settings, portalPort, peerAddressOf, consul, findPort, ...none };
  const nodes = Array.from({ length: settings.nodes }, (_, index) => emptyNode(`n${String(index + 1)}`));
  const leaveNothing = (): void => {
    for (const { process: running } of nodes) running?.kill();
    if (!settings.keep) rmSync(settings.directory, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', leaveNothing);
  const cluster: DemoCluster = {
    nodes,
    portals: portalsOf(settings, addresses),
    directory: settings.directory,
    clientOf: (node) => clientFor(settings, node),
    stop: () => stop(settings, around, nodes).finally(() => addresses.release()),
  };
  try {
    await Promise.all(nodes.map((node) => bringUp(around, node)));
    await addDisks(nodes.map((node) => cluster.clientOf(node)), cluster.portals, settings.signal);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function portalsOf({ disks, paths }: ClusterSettings, block: AddressBlock): readonly Portal[] {
  return Array.from({ length: disks * paths }, (_, position) => {
    const disk = Math.floor(position / paths) + 1;
    const index = (position % paths) + 1;
    const id = String(disk).padStart(5, '0');
    const iqn = `iqn.2026-01.io.pathwarden:${id}`;
    const path = `${id}/${String(index)}`;
    return { disk: id, index, path, ip: block.ipOf(disk, index), port: block.portalPort, iqn };
  });
}

function clientFor({ directory, signal }: ClusterSettings, { name, process: running }: DemoNode): Client {
  const dead = `Node ${name} of the demo does not run`;
  if (running === null) throw new PathwardenError('AGENT_UNREACHABLE', dead, { node: name });
  const tokenFile = `${directory}/${name}/operator-token`;
  return createClient({ url: running.url, tokenFile, deadlineMs: answerDeadlineMs, signal });
}

async function stop(settings: ClusterSettings, around: Surroundings, nodes: readonly DemoNode[]): Promise<void> {
  around.ending = true;
  for (const timer of around.timers) cancel(around, timer);
  const running = nodes.flatMap(({ process: one }) => (one === null ? [] : [one]));
  for (const one of running) one.kill();
  await Promise.all(running.map(({ exited }) => exited));
  await Promise.allSettled(around.starts);
  // One that was just being made when the others were killed.
  await Promise.all(nodes.flatMap(({ process: one }) => (one === null ? [] : [one.exited])));
  await around.consul.stop();
  if (!settings.keep) rmSync(settings.directory, { recursive: true, force: true, maxRetries: 5 });
}
