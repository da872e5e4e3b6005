import type { Clock } from '../../../src/ports/clock.ts';

export interface StoreOptions {
  readonly clock: Clock;
  /** The node that this agent runs on. */
  readonly nodeName?: string;
  /** Shortest session TTL, as Consul's `session_ttl_min`. Default 10 000. */
  readonly sessionTtlMinMs?: number;
  /** A session ends this many TTLs after its last renewal: 1 … 2. Consul's own code uses 2, the default. */
  readonly expiryFactor?: number;
  /** Registers a node as alive when a session first names it: for daemons that share one agent. Default false. */
  readonly adoptNodes?: boolean;
  /** Names sessions; by default each gets a random UUID. */
  readonly newSessionId?: () => string;
}
