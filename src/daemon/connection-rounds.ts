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

const everyMs = 10_000;
/** Of one path: a value in Consul has an end. */
const peersMost = 64;

/** Looks, and goes on looking. What cannot be read or written is tried again; nothing depends on it. */
export function startConnectionRounds(parts: ConnectionRoundsParts): void {
  let before: Connected = {};
  if (parts.dataPlane.connections === undefined) return;
  const again = (): void =>
    parts.after(everyMs, () => {
      void look(parts, before).then((connected) => {
        before = connected;
        if (parts.isRunning()) again();
        return connected;
      });
    });
  again();
}

/** One record for all paths of the node: initiators that log in again after a take-over cost one write. */
async function look(parts: ConnectionRoundsParts, before: Connected): Promise<Connected> {
  const { settings: { node, deadlines }, cluster, view } = parts;
  const served = servedPaths(parts.registry);
  const connected = await connectedTo(parts, served);
  if (connected === null) return before;
  // A path that was given up stays for one more look: its next owner may not have read it yet.
  const given = Object.fromEntries(Object.entries(before).filter(([path]) => !served.has(path)));
  const value = connectedText({ ...given, ...connected });
  if (value !== (view()?.connections.get(node) ?? connectedText({}))) {
    await cluster.put({ key: keys.connections(node), value }, { deadlineMs: deadlines.consulMs });
  }
  return connected;
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
