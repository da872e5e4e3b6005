// What asking other daemons directly works with.
import type { DomainEvent } from '../../machines/intent.ts';
import type { ClusterView } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterPort } from '../ports/cluster.ts';
import type { Cause } from '../ports/journal.ts';
import type { PeersPort } from '../ports/peers.ts';
import type { Lease } from './lease.ts';
import type { Registry } from './registry.ts';
import type { DaemonSettings } from './settings.ts';

export interface PeersParts {
  readonly settings: DaemonSettings & { readonly peers: NonNullable<DaemonSettings['peers']> };
  readonly port: PeersPort;
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly registry: Registry;
  /** Null before the first. */
  readonly view: () => ClusterView | null;
  readonly consulAgeMs: () => number | null;
  readonly tell: (actor: string, event: DomainEvent, cause: Cause) => void;
  /** The clock's, with an owner that cancels it. */
  readonly after: (ms: number, then: () => void) => void;
}
