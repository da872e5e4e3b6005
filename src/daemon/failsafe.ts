// Going on without Consul: for as long as every node that may know better says, again and again, that nothing changed.
import type { DomainEvent } from '../../machines/intent.ts';
import type { LivingPeer } from '../core/peers.ts';
import { actorIds } from '../core/records.ts';
import type { Cause } from '../ports/journal.ts';
import type { PeerStatement } from '../ports/peers.ts';
import type { PeersParts } from './peers-parts.ts';

type Needed = Pick<PeersParts, 'settings' | 'lease' | 'clock' | 'view' | 'tell'>;

export interface Answered {
  readonly peer: LivingPeer;
  /** Null: it cannot be asked, or did not answer. */
  readonly statement: PeerStatement | null;
}

const cause: Cause = { kind: 'local', what: 'peers' };

export class Failsafe {
  readonly #parts: Needed;
  #wanted = false;
  #isOn = false;
  #trouble: string | null = null;

  constructor(parts: Needed) {
    this.#parts = parts;
  }

  /** Half of the lease went by without Consul: every round asks. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  /** This node serves on the word of its peers. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Why the last round did not help; null when it did, or when there was none. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Before each round: is there need to ask, and may we? */
  look(session: string, living: readonly LivingPeer[]): void {
    const { settings, clock, lease } = this.#parts;
    const { ttlMs, marginMs } = settings.session;
    const contactMs = lease.lastContactMs ?? Infinity;
    if (!settings.peers.failsafe || clock.monotonicMs() - contactMs < (ttlMs - marginMs) / 2) return this.end();
    const unfit = this.#unfit(session, living);
    if (unfit !== null) this.#trouble = unfit;
    this.#wanted = unfit === null;
  }

  /** Consul answers again, or there is nothing left to lose. */
  end(): void {
    if (this.#isOn) this.#parts.tell(actorIds.node, { type: 'failsafe.left' }, cause);
    this.#isOn = false;
    this.#wanted = false;
    this.#trouble = null;
  }

  /** A whole round: one answer that is missing, or one objection, and it was worth nothing. */
  count(session: string, sentAtMs: number, round: readonly Answered[]): void {
    if (!this.#wanted) return;
    const against = round.map(objection).find((reason) => reason !== null) ?? null;
    this.#trouble = against;
    if (against !== null || !this.#parts.lease.vouch(session, sentAtMs) || this.#isOn) return;
    this.#isOn = true;
    const peers = round.map(({ peer }) => peer.node);
    this.#parts.tell(actorIds.node, { type: 'failsafe.entered', peers } as DomainEvent, cause);
  }

  #unfit(session: string, living: readonly LivingPeer[]): string | null {
    const own = this.#parts.view()?.nodes.get(this.#parts.settings.node);
    if (own?.session !== session || own.record.asks === undefined) return 'others do not know yet that it asks them';
    return living.length === 0 ? 'there is no other node that could know better' : null;
  }
}

function objection({ peer: { node, session, address }, statement }: Answered): string | null {
  if (address === null) return `${node} cannot be asked`;
  if (statement === null) return `${node} does not answer`;
  if (statement.node !== node || statement.session !== session) return `${node} is another incarnation`;
  return statement.objection === null ? null : `${node} objects: ${statement.objection}`;
}
