// The cluster of the demo: one Consul, daemons as processes of their own, and what gossip and a power switch would do.
import { rmSync } from 'node:fs';
import { systemClock } from '../../../adapters/clock/system.ts';
import { type EmbeddedConsul, startEmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import { type Client, createClient } from '../client.ts';
import { addDisks } from './disks.ts';
import { type NodeProcess, startNode } from './node-process.ts';
import { type AddressBlock, claimAddresses, portFinder } from './places.ts';
import type { Portal } from './prober.ts';

/** How long gossip takes to find a host dead: real Consul needs 3 to 5 s in a small cluster. */
export const gossipDelayMs = 1000;
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

export interface DemoNode {
  readonly name: string;
  /** Null while it is dead. */
  process: NodeProcess | null;
  /** Its inspector comes back where people have it open. */
  inspectorPort: number | null;
  /** It is being started: not ready yet. */
  starting: boolean;
  diedAtMs: number | null;
  /** When Consul had ended the last of its sessions, as performance.now(). */
  sessionsGoneAtMs: number | null;
  /** Starts it at once instead of later; null when there is nothing to start. */
  startNow: (() => void) | null;
}

export interface DemoCluster {
  readonly nodes: readonly DemoNode[];
  readonly portals: readonly Portal[];
  readonly directory: string;
  clientOf(node: DemoNode): Client;
  stop(): Promise<void>;
}

interface Parts extends ClusterSettings {
  readonly consul: EmbeddedConsul;
  readonly addresses: AddressBlock;
  readonly findPort: () => Promise<number>;
  readonly timers: Set<NodeJS.Timeout>;
  readonly starts: Set<Promise<void>>;
  ending: boolean;
}

/** Settles when every daemon is ready and the disks are added. Whatever it started is gone when it throws. */
export async function startCluster(settings: ClusterSettings): Promise<DemoCluster> {
  const addresses = await claimAddresses();
  const consul = await startEmbeddedConsul({ clock: systemClock(), nodeName: 'demo', adoptNodes: true });
  const findPort = portFinder(firstInspectorPort);
  const none = { timers: new Set<NodeJS.Timeout>(), starts: new Set<Promise<void>>(), ending: false };
  const parts: Parts = { ...settings, addresses, consul, findPort, ...none };
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
    clientOf: (node) => clientFor(parts, node),
    stop: () => stop(parts, nodes),
  };
  try {
    await Promise.all(nodes.map((node) => bringUp(parts, node)));
    await addDisks(nodes.map((node) => cluster.clientOf(node)), cluster.portals, settings.signal);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const emptyNode = (name: string): DemoNode => ({
  name,
  process: null,
  inspectorPort: null,
  starting: false,
  diedAtMs: null,
  sessionsGoneAtMs: null,
  startNow: null,
});

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

function clientFor({ directory, signal }: Parts, { name, process: running }: DemoNode): Client {
  const tokenFile = `${directory}/${name}/operator-token`;
  return createClient({ url: running?.url ?? 'http://127.0.0.1:0', tokenFile, deadlineMs: answerDeadlineMs, signal });
}

async function bringUp(parts: Parts, node: DemoNode): Promise<void> {
  const started = start(parts, node);
  parts.starts.add(started);
  await started.finally(() => parts.starts.delete(started));
}

async function start(parts: Parts, node: DemoNode): Promise<void> {
  const { directory: root, consul, addresses, signal } = parts;
  const place = { name: node.name, root, consulUrl: consul.url, portalPort: addresses.portalPort };
  // Its host is up again: gossip sees that before the daemon asks for a session.
  consul.store.setNodeAlive(node.name, true);
  Object.assign(node, { starting: true, startNow: null, sessionsGoneAtMs: null });
  const watch = (running: NodeProcess): void => {
    Object.assign(node, { process: running, inspectorPort: running.inspectorPort });
    if (parts.ending) running.kill();
    void running.exited.then((how) => ended(parts, node, running, how));
  };
  let before = node.inspectorPort;
  const findPort = (): Promise<number> => {
    const port = before === null ? parts.findPort() : Promise.resolve(before);
    before = null;
    return port;
  };
  try {
    await startNode(place, findPort, watch, signal);
  } finally {
    node.starting = false;
  }
}

function ended(parts: Parts, node: DemoNode, was: NodeProcess, how: string): void {
  if (node.process !== was) return;
  node.process = null;
  // One that does not come up is told by whoever starts it.
  if (!node.starting) died(parts, node, how);
}

/** What the rest of the cluster would notice of a dead host, and when. */
function died(parts: Parts, node: DemoNode, how: string): void {
  if (parts.ending) return;
  node.diedAtMs = performance.now();
  const gossip = `gossip tells the others in ${String(gossipDelayMs / 1000)} s`;
  const { returnAfterMs } = parts;
  const back = returnAfterMs === null ? '' : `, it comes back in ${String(returnAfterMs / 1000)} s`;
  parts.onNews(`${node.name} is dead (${how}): ${gossip}${back}`);
  const tellGossip = later(parts, gossipDelayMs, () => {
    parts.consul.store.setNodeAlive(node.name, false);
    const left = [...parts.consul.store.state.sessions.values()].filter((session) => session.node === node.name);
    if (left.length === 0) node.sessionsGoneAtMs = performance.now();
    parts.onNews(`gossip: ${node.name} is dead, its session has ended`);
  });
  if (returnAfterMs === null) return;
  const startAgain = (): void => {
    cancel(parts, tellGossip);
    cancel(parts, timer);
    void comeBack(parts, node);
  };
  const timer = later(parts, returnAfterMs, startAgain);
  node.startNow = startAgain;
}

async function comeBack(parts: Parts, node: DemoNode): Promise<void> {
  parts.onNews(`${node.name} comes back`);
  try {
    await bringUp(parts, node);
    parts.onNews(`${node.name} is back and may take paths again`);
  } catch (error) {
    if (parts.ending || parts.signal.aborted) return;
    parts.onNews(error instanceof Error ? error.message : String(error));
  }
}

function later({ timers }: Parts, ms: number, act: () => void): NodeJS.Timeout {
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, ms);
  timers.add(timer);
  return timer;
}

function cancel({ timers }: Parts, timer: NodeJS.Timeout): void {
  clearTimeout(timer);
  timers.delete(timer);
}

async function stop(parts: Parts, nodes: readonly DemoNode[]): Promise<void> {
  parts.ending = true;
  for (const timer of parts.timers) cancel(parts, timer);
  const running = nodes.flatMap(({ process: one }) => (one === null ? [] : [one]));
  for (const one of running) one.kill();
  await Promise.all(running.map(({ exited }) => exited));
  await Promise.allSettled(parts.starts);
  // One that was just being made when the others were killed.
  await Promise.all(nodes.flatMap(({ process: one }) => (one === null ? [] : [one.exited])));
  await parts.consul.stop();
  parts.addresses.release();
  if (!parts.keep) rmSync(parts.directory, { recursive: true, force: true, maxRetries: 5 });
}
