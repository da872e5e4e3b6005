// When each peer was heard last, on this node's own clock. Who slept has heard nobody, and nobody is to blame for it.
import type { LivingPeer } from '../core/peers.ts';
import type { PeerStatement } from '../ports/peers.ts';

interface Heard {
  readonly session: string;
  /** When the question was sent that was answered last. */
  readonly sentAtMs: number;
  readonly statement: PeerStatement;
}

export class HeardPeers {
  readonly #pauseMs: number;
  readonly #heard = new Map<string, Heard>();
  /** Ages count from here at the earliest. */
  #sinceMs = 0;
  #lastAwakeMs: number | null = null;

  /** `pauseMs`: longer than this between two turns is a pause. */
  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  /** To be called before anything is judged or told: after the start and after a pause every age begins anew. */
  awake(nowMs: number): void {
    if (this.#lastAwakeMs === null || nowMs - this.#lastAwakeMs > this.#pauseMs) this.#sinceMs = nowMs;
    this.#lastAwakeMs = nowMs;
  }

  /** Only what the incarnation itself says counts. */
  note({ node, session }: LivingPeer, sentAtMs: number, statement: PeerStatement): void {
    const before = this.#heard.get(node);
    if (statement.node !== node || statement.session !== session) return;
    if (before?.session === session && before.sentAtMs >= sentAtMs) return;
    this.#heard.set(node, { session, sentAtMs, statement });
  }

  /** Null: never heard in this incarnation, and so nobody can say that it fell silent. */
  ageMs({ node, session }: LivingPeer, nowMs: number): number | null {
    const heard = this.#heard.get(node);
    return heard?.session === session ? nowMs - Math.max(heard.sentAtMs, this.#sinceMs) : null;
  }

  /** What this node says of others; the young ages are nobody's business. */
  missed(peers: readonly LivingPeer[], nowMs: number, overMs: number): Readonly<Record<string, number>> {
    const missed: Record<string, number> = {};
    for (const peer of peers) {
      const ageMs = this.ageMs(peer, nowMs);
      if (ageMs !== null && ageMs >= overMs) missed[peer.node] = ageMs;
    }
    return missed;
  }

  /** What that peer said last; null when that is older than `freshMs`. */
  fresh({ node, session }: LivingPeer, nowMs: number, freshMs: number): PeerStatement | null {
    const heard = this.#heard.get(node);
    return heard?.session === session && nowMs - heard.sentAtMs <= freshMs ? heard.statement : null;
  }

  forget(): void {
    this.#heard.clear();
  }

  /** Drops what nobody asks for any more. */
  keepOnly(peers: readonly LivingPeer[]): void {
    const names = new Set(peers.map(({ node }) => node));
    for (const node of this.#heard.keys()) if (!names.has(node)) this.#heard.delete(node);
  }
}
