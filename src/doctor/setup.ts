// What every check is given.
import type { Config } from '../config/schema.ts';
import type { ClusterSnapshot } from '../ports/cluster.ts';
import type {
  CephPort, ConsulFactsPort, FilterPort, HostPort, ImagesPort, PeerKnockPort, ShownSizesPort, TgtPort,
} from '../ports/doctor.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { ClusterView } from '../core/view.ts';
import type { Finding } from './finding.ts';

export type CephMethod = Extract<Config['exclusion']['methods'][number], { method: 'ceph' }>;

export interface Ports {
  readonly host: HostPort;
  readonly tgt: TgtPort;
  /** Of the target that is configured. */
  readonly sizes: ShownSizesPort;
  readonly filter: FilterPort;
  readonly images: ImagesPort;
  /** `refused` or `unknown` where its files keep us from asking at all. */
  readonly consul: Outcome<ConsulFactsPort>;
  ceph(method: CephMethod): CephPort;
  /** Like `consul`. */
  readonly peers: Outcome<PeerKnockPort>;
}

export interface Setup {
  readonly config: Config;
  readonly ports: Ports;
  /** What Consul holds below the prefix, read once. */
  readonly keys: Outcome<ClusterSnapshot>;
  /** The same as the cluster; null when it cannot be read. */
  readonly view: ClusterView | null;
}

/** One area of checks. None of them changes anything. */
export type Check = (setup: Setup) => Promise<readonly Finding[]>;
