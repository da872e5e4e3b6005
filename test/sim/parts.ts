// What the pieces of one run share.
import type { MemoryNetwork } from '../../adapters/memory-host.ts';
import type { Store } from '../../adapters/consul/embedded/store.ts';
import type { Consul } from './consul.ts';
import type { SharedDisk } from './shared-disk.ts';
import type { Judge } from './judge.ts';
import type { PeerLines } from './peers.ts';
import type { BadFences } from './power.ts';
import type { Random } from './random.ts';
import type { Shape } from './shape.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

export interface Parts {
  readonly shape: Shape;
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly store: Store;
  readonly consul: Consul;
  readonly shared: SharedDisk;
  readonly judge: Judge;
  readonly peers: PeerLines;
  readonly fences: BadFences;
  readonly trace: Trace;
  readonly random: Random;
}
