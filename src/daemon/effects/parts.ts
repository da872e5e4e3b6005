// What effects work with.
import type { DomainEvent } from '../../../machines/intent.ts';
import type { ClusterView } from '../../core/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClusterPort } from '../../ports/cluster.ts';
import type { DataPlane, FencePort, StorageFencePort } from '../../ports/dataplane.ts';
import type { Cause } from '../../ports/journal.ts';
import type { CallOptions } from '../../ports/outcome.ts';
import type { Observer } from '../observer.ts';
import type { Registry } from '../registry.ts';
import type { DaemonSettings } from '../settings.ts';

export interface EffectParts {
  readonly settings: DaemonSettings;
  readonly cluster: ClusterPort;
  readonly dataPlane: DataPlane;
  /** By position in `exclusion.methods`; undefined where the method is not a command. */
  readonly fences: readonly (FencePort | undefined)[];
  /** Storages that others can tell to refuse this node. */
  readonly storageFences?: readonly StorageFencePort[];
  readonly clock: Clock;
  readonly registry: Registry;
  readonly observer: Observer;
  /** Consul refused a bid on the key in this state: it has changed since. */
  outbid(key: string, modifyIndex: number): void;
  /** The session of this incarnation; null when there is none. */
  session(): string | null;
  /** A request that shows this session alive was sent at this monotonic time. */
  readonly noteSent: (session: string, sentAtMs: number) => void;
  view(): ClusterView;
  /** Settles when there is a view: what the last daemon was asked for is carried out before Consul was read. */
  viewed(): Promise<void>;
  post(actor: string, event: DomainEvent, cause: Cause): void;
}

/** Of a request to Consul. */
export const consulOptions = ({ settings }: Pick<EffectParts, 'settings'>): CallOptions => ({
  deadlineMs: settings.deadlines.consulMs,
});
