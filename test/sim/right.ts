// How long a node may serve, worked out from what was sent and answered over its line and from the starts of its
// daemon, and never from what the daemon believes. One for each boot of a host: it counts on that host's clock.
import type { ConsulReply } from '../../adapters/consul/api.ts';
import { times } from './shape.ts';

export interface Heard {
  /** Of the Consul API, with what it was called with. */
  readonly verb: string;
  readonly given: readonly unknown[];
  /** Monotonic time of the host. */
  readonly sentAtMs: number;
  readonly reply: ConsulReply<unknown>;
}

const budgetMs = times.ttlMs - times.marginMs;

export class Right {
  readonly #monotonicMs: () => number;
  readonly #onLost: () => void;
  /** By session: until when it may be served, after the last request that showed to this process that it lives. */
  readonly #untilMs = new Map<string, number>();
  /** Of the first daemon since when nobody has heard that a session lives: only one start stands in for a contact. */
  #unheardSinceMs: number | null = null;
  /** That daemon is the one that runs. */
  #isFirst = false;
  readonly #owned = new Set<string>();
  #hasHeard = false;

  constructor(monotonicMs: () => number, onLost: () => void) {
    this.#monotonicMs = monotonicMs;
    this.#onLost = onLost;
  }

  /** A daemon has opened its journal. What the last one heard is not known to it. */
  started(): void {
    this.#untilMs.clear();
    this.#hasHeard = false;
    this.#isFirst = this.#unheardSinceMs === null;
    this.#unheardSinceMs ??= this.#monotonicMs();
  }

  /** The daemon has ended. The next one knows of its start only if that was written down. */
  ended(hasWrittenStart: boolean): void {
    if (this.#isFirst && !hasWrittenStart) this.forget();
  }

  /** The journal is gone, and with it the knowledge of earlier starts. */
  forget(): void {
    this.#unheardSinceMs = null;
  }

  heard({ verb, given, sentAtMs, reply }: Heard): void {
    if (reply.kind !== 'answer') return;
    const { status, body } = reply;
    if (verb === 'sessionCreate' && status === 200) this.#extend((body as { readonly ID: string }).ID, sentAtMs);
    if (verb !== 'sessionRenew') return;
    const session = String(given[0]);
    if (status === 200) this.#extend(session, sentAtMs);
    else if (status === 404 && this.#untilMs.delete(session)) this.#onLost();
  }

  /** Every peer that was asked then vouched; that counts only for a session which this process has heard to live. */
  vouched(session: string, sentAtMs: number): void {
    if (this.#untilMs.has(session)) this.#extend(session, sentAtMs);
  }

  /** A daemon of this boot has opened or renewed it. */
  owned(session: string): boolean {
    return this.#owned.has(session);
  }

  /** Milliseconds left to serve; less than none when it is over. */
  get remainingMs(): number {
    // No session yet: the start stands in for a contact.
    const nowMs = this.#monotonicMs();
    const startMs = this.#hasHeard ? Number.NEGATIVE_INFINITY : (this.#unheardSinceMs ?? nowMs) + budgetMs;
    return Math.max(startMs, ...this.#untilMs.values()) - nowMs;
  }

  /** Every way to serve on goes through here, with the send time of the request, or of the round, that was answered. */
  #extend(session: string, sentAtMs: number): void {
    this.#hasHeard = true;
    this.#owned.add(session);
    this.#unheardSinceMs = null;
    this.#untilMs.set(session, Math.max(this.#untilMs.get(session) ?? Number.NEGATIVE_INFINITY, sentAtMs + budgetMs));
  }
}
