// The node's right to serve: until `ttl − margin` after the last good renewal was *sent*, on the monotonic clock.
// While Consul is away, a whole round of vouching peers stands in for a renewal.
import type { Clock } from '../ports/clock.ts';
import type { ClusterPort } from '../ports/cluster.ts';

export interface LeaseParts {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly marginMs: number;
  readonly renewEveryMs: number;
  readonly requestDeadlineMs: number;
  /** Consul says that the session does not exist any more. */
  readonly onLost: (session: string, reason: string) => void;
  /** Our own deadline has passed: Consul may end the session at any moment. */
  readonly onExpired: (session: string, reason: string) => void;
  /** Why nobody vouched for this node either; null when nobody was asked. */
  readonly unvouched?: () => string | null;
}

const retryMs = 250;

export class Lease {
  readonly #parts: LeaseParts;
  #session: string | null = null;
  #deadlineMs = 0;
  /** The deadline counts from here. */
  #countsFromMs = 0;
  #over = true;
  #confirmed = false;
  #renews = false;
  #lastContactMs: number | null = null;
  #opened: { readonly session: string; readonly sentAtMs: number } | null = null;
  #cancelRenewal: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  get session(): string | null {
    return this.#session;
  }

  /** Monotonic time of the last good renewal; null before the first. */
  get lastContactMs(): number | null {
    return this.#lastContactMs;
  }

  /** Consul has shown to this process that the session lives. A start stands in for a contact, and confirms nothing. */
  get isConfirmed(): boolean {
    return this.#confirmed;
  }

  /** Milliseconds left to serve; 0 when there is no lease. */
  get remainingMs(): number {
    return this.#over ? 0 : Math.max(0, this.#deadlineMs - this.#parts.clock.monotonicMs());
  }

  /** The request that opened or found this session was sent then: its deadline counts from there. */
  noteSent(session: string, sentAtMs: number): void {
    this.#opened = { session, sentAtMs };
  }

  /** Counts the deadline of a session that may be ours, and does not keep it alive: it may be somebody else's. */
  hold(session: string, sinceMs = this.#parts.clock.monotonicMs()): void {
    if (session === this.#session) return;
    this.drop();
    this.#session = session;
    this.#over = false;
    this.#extend(sinceMs);
  }

  /** Keeps this session from now on; keeping the one it keeps already changes nothing. */
  keep(session: string): void {
    if (session === this.#session && this.#renews) return;
    this.hold(session);
    if (this.#opened?.session === session) {
      this.#confirmed = true;
      this.#extend(this.#opened.sentAtMs);
    }
    this.#renews = true;
    void this.#renew(session);
  }

  /**
   * All who may know better vouched for this session, for questions sent then: as good as a contact, for as long.
   * False: it is over, or Consul never confirmed to this process that the session lives.
   */
  vouch(session: string, sentAtMs: number): boolean {
    if (session !== this.#session || this.#over || !this.#confirmed) return false;
    this.#extend(Math.max(sentAtMs, this.#countsFromMs));
    return true;
  }

  drop(): void {
    this.#session = null;
    this.#confirmed = false;
    this.#over = true;
    this.#renews = false;
    this.#cancelRenewal();
    this.#cancelDeadline();
  }

  /** To be called before any other work: after a pause of the process the deadline may long be past. */
  check(): void {
    const session = this.#session;
    if (session === null || this.#over || this.remainingMs > 0) return;
    this.#over = true;
    const why = this.#parts.unvouched?.() ?? null;
    const silence = `no contact with Consul for ${String(this.#budgetMs)} ms`;
    this.#parts.onExpired(session, why === null ? silence : `${silence}, and ${why}`);
  }

  get #budgetMs(): number {
    return this.#parts.ttlMs - this.#parts.marginMs;
  }

  #extend(sentAtMs: number): void {
    const { clock } = this.#parts;
    this.#countsFromMs = sentAtMs;
    this.#deadlineMs = sentAtMs + this.#budgetMs;
    this.#cancelDeadline();
    const leftMs = Math.max(0, this.#deadlineMs - clock.monotonicMs());
    this.#cancelDeadline = clock.after(leftMs, () => this.#comeDue(sentAtMs));
  }

  /** A timer of a busy process counts from when its event loop last woke: it may come a little early. */
  #comeDue(sentAtMs: number): void {
    if (this.remainingMs > 0) this.#extend(sentAtMs);
    else this.check();
  }

  async #renew(session: string): Promise<void> {
    const { cluster, clock, renewEveryMs, requestDeadlineMs, onLost } = this.#parts;
    const sentAtMs = clock.monotonicMs();
    const outcome = await cluster.renewSession(session, { deadlineMs: Math.min(requestDeadlineMs, this.#budgetMs) });
    if (session !== this.#session) return;
    if (outcome.kind === 'done') {
      this.#lastContactMs = sentAtMs;
      this.#confirmed = true;
      // An answer that came after the deadline does not undo the teardown that has begun.
      if (!this.#over) this.#extend(Math.max(sentAtMs, this.#countsFromMs));
    } else if (outcome.kind === 'refused' && outcome.code === 'gone') {
      this.#over = true;
      onLost(session, outcome.reason);
      return;
    }
    const waitMs = outcome.kind === 'done' ? Math.max(0, sentAtMs + renewEveryMs - clock.monotonicMs()) : retryMs;
    this.#cancelRenewal = clock.after(waitMs, () => void this.#renew(session));
  }
}
