// The data planes that pathwarden comes with, one factory each.
import type { Address, DataPlane } from '../src/ports/dataplane.ts';
import type { Clock } from '../src/ports/clock.ts';
import { iproute2Address } from './address/iproute2.ts';
import { loopbackAddress } from './address/loopback.ts';
import { memoryAddress } from './address/memory.ts';
import { fileBackstore } from './backstore/file.ts';
import { memoryBackstore } from './backstore/memory.ts';
import { createFaults, type Faults, guardWith, unguarded } from './memory-faults.ts';
import { type MemoryHost, memoryNetwork, type MemoryNetwork } from './memory-host.ts';
import { loopbackTarget } from './target/loopback.ts';
import { memoryTarget } from './target/memory.ts';
import { tgtTarget, type TgtSettings } from './target/tgt.ts';
import { memoryTraffic } from './traffic/memory.ts';
import { nftTraffic } from './traffic/nft.ts';
import { noTraffic } from './traffic/none.ts';

/** Image files served by tgtd, addresses by iproute2, packets held back by nftables. */
export function tgtDataPlane(settings: TgtSettings & { readonly traffic?: 'nft' | 'none' }): DataPlane {
  const { run } = settings;
  return {
    backstore: fileBackstore({ run }),
    target: tgtTarget(settings),
    address: iproute2Address({ run }),
    traffic: settings.traffic === 'none' ? noTraffic() : nftTraffic({ run }),
  };
}

export interface MemoryDataPlane extends DataPlane {
  readonly host: MemoryHost;
  readonly faults: Faults;
}

/** Everything in memory. A daemon that starts again under the same node name finds what the last one left. */
export function memoryDataPlane(settings: {
  readonly node: string;
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly faults?: Faults;
}): MemoryDataPlane {
  const host = settings.network.host(settings.node);
  const faults = settings.faults ?? createFaults();
  const guard = guardWith(faults, settings.clock);
  return {
    host,
    faults,
    backstore: memoryBackstore(host, guard),
    target: memoryTarget(host, guard),
    address: memoryAddress(host, settings.network, guard),
    traffic: memoryTraffic(host, guard),
  };
}

/** Portals on 127.0.0.0/8 that really listen, and no storage behind them. Needs no root. */
export function loopbackDataPlane(settings: {
  readonly node: string;
  readonly portalPort?: number;
}): DataPlane {
  const present = new Map<string, Address>();
  const portalPort = settings.portalPort ?? 3260;
  return {
    backstore: memoryBackstore(memoryNetwork().host(settings.node), unguarded),
    target: loopbackTarget({ node: settings.node, present }),
    address: loopbackAddress({ portalPort, present }),
    traffic: noTraffic(),
  };
}
