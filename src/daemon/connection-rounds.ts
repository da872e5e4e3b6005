// Writes down who is connected to the paths that are served here, so that whoever takes one over can wake them up.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { PathSettings } from '../../machines/disk-path/events.ts';
import { type Connected, connectedText } from '../core/connections.ts';
import { keys } from '../core/records.ts';
import { stateOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { ClusterPort } from '../ports/cluster.ts';
import type { Connection, DataPlane } from '../ports/dataplane.ts';
import { portalKey } from './observer.ts';
import type { Registry } from './registry.ts';
import type { DaemonSettings } from './settings.ts';

export interface ConnectionRoundsParts {
  readonly settings: Pick<DaemonSettings, 'node' | 'deadlines'>;
  readonly cluster: Pick<ClusterPort, 'put'>;
  readonly dataPlane: Pick<DataPlane, 'connections'>;
  readonly registry: Registry;
  /** Null before Consul was read. */
  readonly view: () => ClusterView | null;
  /** The clock's, with an owner that cancels it. */
  readonly after: (ms: number, then: () => void) => void;
  readonly isRunning: () => boolean;
}

const tickMs = 2000;
/** Between two looks while nothing changes; as long a path that was given up is kept for its next owner to read. */
const restTicks = 5;
/** Of one path: a value in Consul has an end. */
const peersMost = 64;

/** Looks, and goes on looking. What cannot be read or written is tried again; nothing depends on it. */
export function startConnectionRounds(parts: ConnectionRoundsParts): void {
  if (parts.dataPlane.connections === undefined) return;
  const rounds = new ConnectionRounds(parts);
  const again = (): void =>
    parts.after(tickMs, () => {
      void rounds.tick().then(() => {
        if (parts.isRunning()) again();
        return null;
      });
    });
  again();
}

class ConnectionRounds {
  readonly #parts: ConnectionRoundsParts;
  #tick = 0;
  /** Initiators come one after the other to a path that opened: it is looked at often until then. */
  #oftenUntil = 0;
  #served: ReadonlyMap<string, PathSettings> = new Map();
  #connected: Connected = {};
  /** Paths that others may take over now, and since when. */
  readonly #givenUp = new Map<string, number>();

  constructor(parts: ConnectionRoundsParts) {
    this.#parts = parts;
  }

  async tick(): Promise<void> {
    this.#tick += 1;
    this.#note(servedPaths(this.#parts.registry));
    if (this.#tick < this.#oftenUntil || this.#tick % restTicks === 0) await this.#look();
  }

  #note(served: ReadonlyMap<string, PathSettings>): void {
    const taken = [...served.keys()].filter((path) => !this.#served.has(path));
    const given = [...this.#served.keys()].filter((path) => !served.has(path));
    if (taken.length + given.length > 0) this.#oftenUntil = this.#tick + restTicks;
    for (const path of taken) this.#givenUp.delete(path);
    for (const path of given) this.#givenUp.set(path, this.#tick);
    for (const [path, since] of this.#givenUp) if (since <= this.#tick - restTicks) this.#givenUp.delete(path);
    this.#served = served;
  }

  /** One record for all paths of the node: initiators that log in again after a take-over cost few writes. */
  async #look(): Promise<void> {
    const { settings: { node, deadlines }, cluster, view } = this.#parts;
    const connected = await connectedTo(this.#parts, this.#served);
    if (connected === null) return;
    const given = Object.fromEntries(Object.entries(this.#connected).filter(([path]) => this.#givenUp.has(path)));
    this.#connected = { ...given, ...connected };
    const value = connectedText(this.#connected);
    if (value === (view()?.connections.get(node) ?? connectedText({}))) return;
    await cluster.put({ key: keys.connections(node), value }, { deadlineMs: deadlines.consulMs });
  }
}

/** Null when it cannot be read. */
async function connectedTo(
  { settings: { deadlines }, dataPlane: { connections } }: ConnectionRoundsParts,
  served: ReadonlyMap<string, PathSettings>,
): Promise<Connected | null> {
  if (served.size === 0) return {};
  const ports = [...new Set([...served.values()].map(({ port }) => port))];
  const seen = await connections?.observe(ports, { deadlineMs: deadlines.addressMs });
  if (seen?.kind !== 'done') return null;
  const byPortal = Map.groupBy(seen.value, ({ portal }) => portalKey(portal.ip, portal.port));
  const connected: Record<string, readonly string[]> = {};
  for (const [path, { ip, port }] of byPortal.size === 0 ? [] : served) {
    const here = byPortal.get(portalKey(ip, port));
    if (here !== undefined) connected[path] = peersOf(here);
  }
  return connected;
}

function servedPaths(registry: Registry): ReadonlyMap<string, PathSettings> {
  const served = new Map<string, PathSettings>();
  for (const { id, snapshot } of registry.all()) {
    const { settings } = snapshot.context as DiskPathContext;
    if (id.startsWith('path/') && stateOf(snapshot) === 'enabled' && settings !== null) {
      served.set(id.slice('path/'.length), settings);
    }
  }
  return served;
}

function peersOf(connections: readonly Connection[]): readonly string[] {
  const peers = connections.map(({ peer }) => `${peer.ip} ${String(peer.port)}`).toSorted();
  return peers.slice(0, peersMost);
}
