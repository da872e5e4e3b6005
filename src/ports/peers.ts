// The daemons of the other nodes, asked directly and not through Consul. Every message is authenticated.
import type { CallOptions, Outcome } from './outcome.ts';

export interface PeerQuestion {
  /** Who asks, and its incarnation; null when it has none. */
  readonly node: string;
  readonly session: string | null;
  /** Asks for a promise: may this incarnation go on serving without Consul? */
  readonly failsafe: boolean;
}

/** What one node says of itself. It is said after the question was sent: an answer is never older than its question. */
export interface PeerStatement {
  readonly node: string;
  readonly session: string | null;
  /** Milliseconds since its last good contact with Consul; null before the first. */
  readonly consulAgeMs: number | null;
  /** Nodes whose answers it misses, with the milliseconds since the last one. */
  readonly missed: Readonly<Record<string, number>>;
  /** To a failsafe question: why the asking incarnation must not go on, or null when it may. */
  readonly objection: string | null;
}

export interface Peer {
  readonly node: string;
  /** `ip:port`, `[ip]:port` for IPv6. */
  readonly address: string;
}

export interface PeersPort {
  /** A node that does not answer, or whose answer is not authentic, fresh and its own, is unknown. */
  ask(peer: Peer, question: PeerQuestion, options: CallOptions): Promise<Outcome<PeerStatement>>;
  /** Answers the questions of others from now on; until then nobody is answered. */
  answerWith(answer: (question: PeerQuestion) => PeerStatement): void;
  stop(): Promise<void>;
}
