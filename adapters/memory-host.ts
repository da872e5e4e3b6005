// What the memory twins work on: hosts with addresses, targets and portals, on one network.
import type { Address, Connection, TargetSpec } from '../src/ports/dataplane.ts';

/** One node's data plane. It outlives the daemon on it, as a kernel would. */
export interface MemoryHost {
  readonly node: string;
  readonly linkAddress: string;
  /** False: cut off, nobody answers it and it answers nobody. */
  linkUp: boolean;
  readonly addresses: Map<string, Address>;
  /** VLAN interfaces that were made because an address needed them → addresses that are or will be on them. */
  readonly vlans: Map<string, Set<string>>;
  readonly targets: Map<string, TargetSpec>;
  /** `IP port` → IQN. */
  readonly portals: Map<string, string>;
  /** What gets out all the same, by IP. */
  readonly blocked: Map<string, 'ends' | 'nothing'>;
  readonly attached: Set<string>;
  /** Addresses announced so far, in order. */
  readonly announced: string[];
  readonly connections: Connection[];
  /** Initiators that were tickled so far, in order. */
  readonly tickled: Connection['peer'][];
}

export interface MemoryNetwork {
  /** Nodes that the storage refuses; a loss of power changes nothing in that. */
  readonly refused: Set<string>;
  /** The host of that name; made on first use. */
  host(node: string): MemoryHost;
  /** The host loses everything it served, as when its power goes. */
  crash(node: string): void;
  /** The link address of a host other than `asking` that has the IP and can be reached from it, or null. */
  whoHas(ip: string, asking: string): string | null;
  /** The nodes on which the path answers: linked, address there, portal open, nothing blocked. */
  serving(ip: string, port: number): readonly string[];
}

export const portalKey = (portal: { readonly ip: string; readonly port: number }): string =>
  `${portal.ip} ${portal.port}`;

export function memoryNetwork(): MemoryNetwork {
  const hosts = new Map<string, MemoryHost>();
  return {
    refused: new Set(),
    host(node) {
      const host = hosts.get(node) ?? emptyHost(node, hosts.size + 1);
      hosts.set(node, host);
      return host;
    },
    crash(node) {
      const host = hosts.get(node);
      if (host === undefined) return;
      const { addresses, vlans, targets, portals, blocked, attached } = host;
      for (const part of [addresses, vlans, targets, portals, blocked, attached]) part.clear();
      host.connections.length = 0;
    },
    whoHas(ip, asking) {
      if (hosts.get(asking)?.linkUp === false) return null;
      const others = [...hosts.values()].filter((host) => host.node !== asking && host.linkUp && !host.blocked.has(ip));
      return others.find((host) => host.addresses.has(ip))?.linkAddress ?? null;
    },
    serving: (ip, port) =>
      [...hosts.values()]
        .filter((host) => host.linkUp && host.addresses.has(ip) && !host.blocked.has(ip))
        .filter((host) => host.portals.has(portalKey({ ip, port })))
        .map(({ node }) => node),
  };
}

function emptyHost(node: string, number: number): MemoryHost {
  const tail = number.toString(16).padStart(4, '0');
  return {
    node,
    linkAddress: `02:00:00:00:${tail.slice(0, 2)}:${tail.slice(2)}`,
    linkUp: true,
    addresses: new Map(),
    vlans: new Map(),
    targets: new Map(),
    portals: new Map(),
    blocked: new Map(),
    attached: new Set(),
    announced: [],
    connections: [],
    tickled: [],
  };
}
