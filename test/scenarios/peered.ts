// A cluster whose daemons ask each other directly, over lines that can be cut one by one.
import { memoryPeerNetwork, type PeerMessage } from '../../adapters/peers/memory.ts';
import type { Method } from '../../machines/exclusion/events.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import type { DaemonSettings } from '../../src/daemon/settings.ts';
import type { ClusterPort, ClusterSnapshot, WatchHandlers } from '../../src/ports/cluster.ts';
import { Cluster, type Node } from './cluster.ts';

type PeerSettings = NonNullable<DaemonSettings['peers']>;

/** Own deadline, teardown, the oldest token, watchdog. */
export const boundMs = 8_000 + 3_000 + 1_000 + 3_000;
const selfThenTime: readonly Method[] = [{ method: 'self', waitMs: 1_000 }, { method: 'leaseBound', boundMs }];

export class PeeredCluster extends Cluster {
  readonly peerNetwork = memoryPeerNetwork({ clock: this.clock, carry: (message) => this.#carry(message) });
  /** `a b`: nothing from a reaches b. */
  readonly cut = new Set<string>();
  readonly #settings: Partial<PeerSettings>;
  readonly #unpeered = new Set<string>();

  constructor(settings: Partial<PeerSettings> = {}, methods = selfThenTime) {
    super(methods);
    this.#settings = settings;
  }

  /** The next daemon of this name knows nothing of peers. */
  unpeer(name: string): void {
    this.#unpeered.add(name);
  }

  /** Neither hears the other. */
  cutPeers(one: string, ...others: readonly string[]): void {
    for (const other of others) this.cut.add(`${one} ${other}`).add(`${other} ${one}`);
  }

  /** Nobody leads Consul: it tells nothing, and ends no session. */
  loseQuorum(): void {
    this.store.close();
    for (const node of this.nodes.values()) node.cutOff = true;
  }

  regainQuorum(): void {
    for (const session of this.store.state.sessions.keys()) this.store.renewSession(session);
    for (const node of this.nodes.values()) node.cutOff = false;
  }

  protected override partsOf(node: Node, parts: DaemonParts): DaemonParts {
    const cluster = quietWhenCut(parts.cluster, node);
    if (this.#unpeered.has(node.name)) return { ...parts, cluster };
    const address = `${node.name}:1`;
    const peers = { address, everyMs: 200, missedMs: 1_000, exclude: true, failsafe: true, ...this.#settings };
    const settings = { ...parts.settings, standstillMs: boundMs, peers };
    return { ...parts, cluster, settings, peers: this.peerNetwork.join({ node: node.name, address }) };
  }

  #carry({ from, to }: PeerMessage): number | null {
    return this.cut.has(`${from} ${to}`) ? null : 1;
  }
}

/** The watch of a node that is cut off hears nothing either. */
function quietWhenCut(cluster: ClusterPort, node: { readonly cutOff: boolean }): ClusterPort {
  const watch = (handlers: WatchHandlers) => {
    let missed: ClusterSnapshot | null = null;
    return cluster.watch({
      ...handlers,
      onSnapshot: (snapshot) => (node.cutOff ? void (missed = snapshot) : handlers.onSnapshot(snapshot)),
      onContact: (sentAtMs) => {
        if (node.cutOff) return;
        if (missed !== null) handlers.onSnapshot(missed);
        missed = null;
        handlers.onContact?.(sentAtMs);
      },
    });
  };
  return new Proxy(cluster, {
    get: (target, verb: keyof ClusterPort) => (verb === 'watch' ? watch : Reflect.get(target, verb)),
  });
}

export async function peered(
  settings: Partial<PeerSettings> = {},
  names: readonly string[] = ['n1', 'n2', 'n3'],
  cluster = new PeeredCluster(settings),
): Promise<PeeredCluster> {
  for (const name of names) await cluster.start(name);
  for (const disk of ['d1', 'd2', 'd3']) {
    await cluster.addDisk(disk, [1, 2].map((index) => `10.0.${disk.slice(1)}.${String(index)}`));
  }
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(3_000);
  return cluster;
}

export const eventsOf = ({ records }: Node, type: string) => records.map(({ event }) => event).filter((event) =>
  event.type === type);
