// An actor as it was right after an earlier record: its last snapshot before that, and the records since.
import { sameJson } from '../core/json.ts';
import { accepted, persist } from '../core/step.ts';
import { Replay, type Difference, type Replayed } from '../core/replay.ts';
import { describe, stateOf, tagsOf } from '../core/state.ts';
import type { Intent, Json } from '../../machines/intent.ts';
import { PathwardenError } from '../errors.ts';
import type { ActorView } from '../ports/inspector.ts';
import type { ActorSnapshot } from '../ports/journal.ts';
import type { History } from './history.ts';

const pageRecords = 1_000;

/**
 * Undefined when the actor had no record yet. Throws `NOT_FOUND` when what is needed was compacted away, and
 * `JOURNAL_DIVERGED`.
 */
export async function rebuild(history: History, id: string, seq: number): Promise<ActorView | undefined> {
  const { firstSeq, lastSeq } = await history.info();
  if (seq > lastSeq) {
    const text = `Record ${String(seq)} was not written yet; the last is ${String(lastSeq)}.`;
    throw new PathwardenError('NOT_FOUND', text, { seq, lastSeq });
  }
  const replay = new Replay();
  const from = firstSeq <= 1 ? 1 : await beginAtSnapshot(history, replay, { id, seq, firstSeq });
  must(await follow(history, replay, { id, from, to: seq }));
  const actor = replay.actors.get(id);
  return actor === undefined ? undefined : viewOf(actor, await unanswered(history, actor, seq));
}

/** Answers the first record that the replay does not follow. */
async function follow(
  history: History,
  replay: Replay,
  { id, from, to }: { readonly id: string; readonly from: number; readonly to: number },
): Promise<Difference | null> {
  for (let next = from; next <= to;) {
    const page = await history.read({ actor: id, from: next, to, limit: pageRecords });
    for (const record of page) {
      const difference = replay.take(record);
      if (difference !== null) return difference;
    }
    if (page.length < pageRecords) break;
    next = (page.at(-1)?.seq ?? to) + 1;
  }
  return null;
}

interface Wanted {
  readonly id: string;
  readonly seq: number;
  readonly firstSeq: number;
}

/** Answers the seq after the snapshot. */
async function beginAtSnapshot(history: History, replay: Replay, { id, seq, firstSeq }: Wanted): Promise<number> {
  const snapshots = await history.snapshots(id);
  const before = snapshots.findLast((each) => each.seq <= seq);
  if (before !== undefined) {
    must(replay.begin(before));
    return before.seq + 1;
  }
  const [first] = snapshots;
  if (first === undefined || (await beganSince(history, firstSeq, first))) return firstSeq;
  const earliest = String(first.seq);
  throw new PathwardenError(
    'NOT_FOUND',
    `${id} as of record ${String(seq)} was compacted away: it can be rebuilt from record ${earliest} on.`,
    { actor: id, seq, earliest: first.seq, firstSeq },
  );
}

/** An actor that began after the first record that is left: a replay from nothing ends in its first snapshot. */
async function beganSince(history: History, firstSeq: number, first: ActorSnapshot): Promise<boolean> {
  const trial = new Replay();
  if ((await follow(history, trial, { id: first.actor, from: firstSeq, to: first.seq })) !== null) return false;
  const actor = trial.actors.get(first.actor);
  return actor?.seq === first.seq && sameJson(persist(actor.kind.definition, actor.snapshot), first.snapshot);
}

/** A tell is answered by a record of the actor that was told. */
async function unanswered(history: History, actor: Replayed, seq: number): Promise<readonly [string, Intent][]> {
  const waiting: [string, Intent][] = [];
  for (const [id, intent] of actor.pending) {
    const { to } = intent.params;
    const from = Number.parseInt(id, 10);
    const told = typeof to === 'string' ? await history.read({ actor: to, from, to: seq, limit: pageRecords }) : [];
    if (!told.some(({ settles }) => settles === id)) waiting.push([id, intent]);
  }
  return waiting;
}

function must(difference: Difference | null): void {
  if (difference === null) return;
  const { actor, seq, what, recorded, computed } = difference;
  const message = `Record ${String(seq)} of ${actor} cannot be replayed: ${what}. ` +
    'The version that wrote the journal can; pathwarden journal verify says more.';
  throw new PathwardenError('JOURNAL_DIVERGED', message, { actor, seq, recorded, computed });
}

/** Timers are not known of the past: those that were armed stand among the pending intents. */
export const viewOf = (
  { id, kind, snapshot, since, seq }: Replayed,
  pending: Iterable<readonly [string, Intent]>,
): ActorView => ({
  id,
  machine: kind.definition.label,
  state: stateOf(snapshot),
  description: describe(snapshot),
  tags: tagsOf(snapshot),
  context: snapshot.context as Json,
  since,
  seq,
  pending: [...pending].map(([intentId, { type, params }]) => ({ id: intentId, type, params })),
  timers: [],
  accepts: accepted(snapshot),
});
