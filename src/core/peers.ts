// What the nodes that are asked directly decide of each other. Pure: judged from statements and the last view.
import { actorIds } from './records.ts';
import type { ClusterView } from './view.ts';

export interface LivingPeer {
  readonly node: string;
  readonly session: string;
  /** Where it answers; null when it is not asked directly. */
  readonly address: string | null;
}

/** Every other node that lives by this view. */
export function livingPeers(view: ClusterView, self: string): readonly LivingPeer[] {
  return [...view.nodes].flatMap(([node, { session, record }]) =>
    node === self || session === null ? [] : [{ node, session, address: record.peers ?? null }],
  );
}

export interface Ballot {
  readonly self: string;
  /** All that live and are asked directly, this node among them. */
  readonly voters: readonly string[];
  /** Who misses whom, and for how long: from fresh statements, and what this node saw itself. */
  readonly missed: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly missedMs: number;
}

export interface Missing {
  readonly node: string;
  /** More than half of all voters, this node among them. Nobody votes on itself, so two nodes never agree. */
  readonly by: readonly string[];
}

/** The nodes that more than half of all have not heard for `missedMs`. Who is missed counts in the whole. */
export function missedByMajority({ self, voters, missed, missedMs }: Ballot): readonly Missing[] {
  return voters.flatMap((node) => {
    const by = voters.filter((voter) => voter !== node && (missed.get(voter)?.[node] ?? 0) >= missedMs);
    return by.includes(self) && by.length * 2 > voters.length ? [{ node, by }] : [];
  });
}

export interface Asked {
  readonly node: string;
  readonly session: string;
}

export interface Witness {
  /** Null before Consul was read by this process. */
  readonly view: ClusterView | null;
  readonly consulAgeMs: number | null;
  /** A contact younger than this shows that Consul can be reached. */
  readonly contactMs: number;
  /** States of the exclusions that this node works on, by actor. */
  exclusionState(actor: string): string | null;
}

/**
 * Why that incarnation must not go on without Consul; null when it may. Null is a promise: this node has not seen the
 * incarnation lost, so whatever it will count from seeing that begins later than now.
 */
export function objectionTo({ node, session }: Asked, witness: Witness): string | null {
  const { view, consulAgeMs, contactMs } = witness;
  if (view === null || consulAgeMs === null) return 'it has not read Consul since its start';
  if (consulAgeMs < contactMs) return 'it reaches Consul';
  if (view.nodes.get(node)?.session !== session) return 'that session does not live by its last view';
  if (view.exclusions.has(session)) return 'the exclusion of that session was asked for';
  const lost = [...view.locks.values()].find((lock) => lock.evidence?.session === session && lock.holder !== session);
  if (lost !== undefined) return `path ${lost.disk}/${String(lost.index)} was taken from that session`;
  const state = witness.exclusionState(actorIds.exclusion(session));
  return state === null || state === 'watching' ? null : 'it excludes that session';
}
