// The life of the demo's nodes: they come up, die, and come back, and Consul hears of it as it would from gossip.
import type { EmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import { type NodeProcess, startNode } from './node-process.ts';

/** How long gossip takes to find a host dead: real Consul needs 3 to 5 s in a small cluster. */
export const gossipDelayMs = 1000;

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

/** What the nodes live in. */
export interface Surroundings {
  /** Holds a directory for each node. */
  readonly directory: string;
  readonly portalPort: number;
  readonly peerAddressOf: (node: string) => string;
  /** A node that died is started again after this time; null leaves it dead. */
  readonly returnAfterMs: number | null;
  readonly signal: AbortSignal;
  readonly onNews: (text: string) => void;
  readonly consul: EmbeddedConsul;
  readonly findPort: () => Promise<number>;
  readonly timers: Set<NodeJS.Timeout>;
  readonly starts: Set<Promise<void>>;
  /** Nothing is started any more. */
  ending: boolean;
}

export const emptyNode = (name: string): DemoNode => ({
  name,
  process: null,
  inspectorPort: null,
  starting: false,
  diedAtMs: null,
  sessionsGoneAtMs: null,
  startNow: null,
});

/** Settles when its daemon is ready; throws when it does not become so. */
export async function bringUp(around: Surroundings, node: DemoNode): Promise<void> {
  const started = start(around, node);
  around.starts.add(started);
  await started.finally(() => around.starts.delete(started));
}

async function start(around: Surroundings, node: DemoNode): Promise<void> {
  const { directory: root, consul, portalPort, signal } = around;
  const peerAddress = around.peerAddressOf(node.name);
  const place = { name: node.name, root, consulUrl: consul.url, portalPort, peerAddress };
  // Its host is up again: gossip sees that before the daemon asks for a session.
  consul.store.setNodeAlive(node.name, true);
  Object.assign(node, { starting: true, startNow: null, sessionsGoneAtMs: null });
  const watch = (running: NodeProcess): void => {
    Object.assign(node, { process: running, inspectorPort: running.inspectorPort });
    if (around.ending) running.kill();
    void running.exited.then((how) => ended(around, node, running, how));
  };
  let before = node.inspectorPort;
  const findPort = (): Promise<number> => {
    const port = before === null ? around.findPort() : Promise.resolve(before);
    before = null;
    return port;
  };
  try {
    await startNode(place, findPort, watch, signal);
  } finally {
    node.starting = false;
  }
}

function ended(around: Surroundings, node: DemoNode, was: NodeProcess, how: string): void {
  if (node.process !== was) return;
  node.process = null;
  // One that does not come up is told by whoever starts it.
  if (!node.starting) died(around, node, how);
}

/** What the rest of the cluster would notice of a dead host, and when. */
function died(around: Surroundings, node: DemoNode, how: string): void {
  if (around.ending) return;
  node.diedAtMs = performance.now();
  const gossip = `gossip tells the others in ${String(gossipDelayMs / 1000)} s`;
  const { returnAfterMs } = around;
  const back = returnAfterMs === null ? '' : `, it comes back in ${String(returnAfterMs / 1000)} s`;
  around.onNews(`${node.name} is dead (${how}): ${gossip}${back}`);
  const tellGossip = later(around, gossipDelayMs, () => {
    around.consul.store.setNodeAlive(node.name, false);
    const left = [...around.consul.store.state.sessions.values()].filter((session) => session.node === node.name);
    if (left.length === 0) node.sessionsGoneAtMs = performance.now();
    around.onNews(`gossip: ${node.name} is dead, its session has ended`);
  });
  if (returnAfterMs === null) return;
  const startAgain = (): void => {
    cancel(around, tellGossip);
    cancel(around, timer);
    void comeBack(around, node);
  };
  const timer = later(around, returnAfterMs, startAgain);
  node.startNow = startAgain;
}

async function comeBack(around: Surroundings, node: DemoNode): Promise<void> {
  around.onNews(`${node.name} comes back`);
  try {
    await bringUp(around, node);
    around.onNews(`${node.name} is back and may take paths again`);
  } catch (error) {
    if (around.ending || around.signal.aborted) return;
    around.onNews(error instanceof Error ? error.message : String(error));
  }
}

function later({ timers }: Surroundings, ms: number, act: () => void): NodeJS.Timeout {
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, ms);
  timers.add(timer);
  return timer;
}

export function cancel({ timers }: Surroundings, timer: NodeJS.Timeout): void {
  clearTimeout(timer);
  timers.delete(timer);
}
