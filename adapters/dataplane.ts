// The data planes that pathwarden comes with, one factory each.
import type { Address, BackstorePort, DataPlane } from '../src/ports/dataplane.ts';
import type { Clock } from '../src/ports/clock.ts';
import { iproute2Address } from './address/iproute2.ts';
import { loopbackAddress } from './address/loopback.ts';
import { memoryAddress } from './address/memory.ts';
import { blockBackstore } from './backstore/block.ts';
import { backstoreByKind } from './backstore/by-kind.ts';
import { fileBackstore } from './backstore/file.ts';
import { lvmBackstore } from './backstore/lvm.ts';
import { memoryBackstore } from './backstore/memory.ts';
import { rbdBackstore, type RbdSettings } from './backstore/rbd.ts';
import { memoryConnections } from './connections/memory.ts';
import { socketConnections } from './connections/sockets.ts';
import { createFaults, type Faults, guardWith, unguarded } from './memory-faults.ts';
import { type MemoryHost, memoryNetwork, type MemoryNetwork } from './memory-host.ts';
import type { Run } from './run.ts';
import { lioTarget, type LioSettings } from './target/lio.ts';
import { loopbackTarget } from './target/loopback.ts';
import { memoryTarget } from './target/memory.ts';
import { tgtTarget, type TgtSettings } from './target/tgt.ts';
import { memoryTraffic } from './traffic/memory.ts';
import { nftTraffic } from './traffic/nft.ts';
import { noTraffic } from './traffic/none.ts';

interface Surroundings {
  readonly run: Run;
  readonly traffic?: 'nft' | 'none';
  /** Without it, images of Ceph are refused. */
  readonly ceph?: Omit<RbdSettings, 'run'>;
}

/** Images and devices served by tgtd. */
export const tgtDataPlane = (settings: TgtSettings & Surroundings): DataPlane => ({
  ...around(settings),
  target: tgtTarget(settings),
});

/** Images and devices served by the kernel. */
export const lioDataPlane = (settings: LioSettings & Surroundings): DataPlane => ({
  ...around(settings),
  target: lioTarget(settings),
  endsAfterCommands: true,
});

/** Addresses by iproute2, packets held back by nftables. */
const around = ({ run, ceph, traffic }: Surroundings): Omit<DataPlane, 'target'> => ({
  backstore: realBackstores(run, ceph),
  address: iproute2Address({ run }),
  connections: socketConnections({ run }),
  traffic: traffic === 'none' ? noTraffic() : nftTraffic({ run }),
});

/** Every kind of image that a host can have. */
function realBackstores(run: Run, ceph: Surroundings['ceph']): BackstorePort {
  return backstoreByKind({
    file: fileBackstore({ run }),
    block: blockBackstore({ run }),
    lvm: lvmBackstore({ run }),
    ...(ceph === undefined ? {} : { rbd: rbdBackstore({ run, ...ceph }) }),
  });
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
    connections: memoryConnections(host),
    endsAfterCommands: true,
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
