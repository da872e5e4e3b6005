// Whether today's machines give what a journal records: every state, every intent, every snapshot. Pure, in one pass.
import type { Json } from '../../machines/intent.ts';
import type { ActorSnapshot, JournalRecord } from '../ports/journal.ts';
import { kindOf, type Kinds } from './definition.ts';
import { sameJson } from './json.ts';
import { Replay, type Difference, type Replayed } from './replay.ts';
import { persist } from './step.ts';

export interface JournalToVerify {
  readonly snapshots: Iterable<ActorSnapshot>;
  /** Oldest first, without gaps. */
  readonly records: Iterable<JournalRecord>;
}

export interface Verdict {
  /** Seq of the first and the last record; 0 when there is none. */
  readonly first: number;
  readonly last: number;
  readonly actors: number;
  /** Records whose state and intents were compared. */
  readonly compared: number;
  /** Records that nothing can be compared with: what was before them was compacted away, or differs already. */
  readonly skipped: number;
  /** Stored snapshots that were compared with the replayed actor. */
  readonly snapshots: number;
  /** The first one of each actor, by seq. */
  readonly differences: readonly Difference[];
}

export function verify(journal: JournalToVerify, kinds: Kinds = kindOf): Verdict {
  const stored = new Map([...journal.snapshots].map((each) => [each.actor, each]));
  const replay = new Replay(kinds);
  const wrong = new Map<string, Difference>();
  const counts = { first: 0, last: 0, compared: 0, skipped: 0, snapshots: 0 };
  const known = new Set<string>();
  for (const record of journal.records) {
    const { actor, seq } = record;
    if (counts.first === 0) counts.first = seq;
    counts.last = seq;
    known.add(actor);
    const snapshot = stored.get(actor);
    const isBehind = snapshot !== undefined && seq <= snapshot.seq;
    // Where records are missing, an actor can only be followed from its snapshot on.
    if (wrong.has(actor) || (isBehind && counts.first > 1)) {
      counts.skipped += 1;
      continue;
    }
    if (!isBehind && snapshot !== undefined && !replay.actors.has(actor)) note(wrong, replay.begin(snapshot));
    if (!wrong.has(actor)) note(wrong, replay.take(record));
    if (wrong.has(actor)) continue;
    counts.compared += 1;
    if (snapshot?.seq !== seq) continue;
    counts.snapshots += 1;
    note(wrong, compareSnapshot(snapshot, replay.actors.get(actor)));
  }
  for (const difference of replay.finish()) note(wrong, difference);
  const differences = [...wrong.values()].toSorted((a, b) => a.seq - b.seq);
  return { ...counts, actors: known.size, differences };
}

function note(wrong: Map<string, Difference>, difference: Difference | null): void {
  if (difference !== null && !wrong.has(difference.actor)) wrong.set(difference.actor, difference);
}

function compareSnapshot(stored: ActorSnapshot, actor: Replayed | undefined): Difference | null {
  if (actor === undefined || actor.kind.definition.label !== stored.machine) return null;
  // As it is written: without what JSON leaves out.
  const computed = JSON.parse(JSON.stringify(persist(actor.kind.definition, actor.snapshot))) as Json;
  if (sameJson(computed, stored.snapshot)) return null;
  const { actor: id, seq, snapshot: recorded } = stored;
  return { seq, actor: id, event: null, what: 'the snapshot differs', recorded, computed };
}
