// Recovery: the last snapshot of each actor, then every later record once more, compared at each step. Pure.
import type { Intent, Json } from '../../machines/intent.ts';
import { PathwardenError } from '../errors.ts';
import type { ActorSnapshot, JournalContents, JournalRecord } from '../ports/journal.ts';
import { kindOf, type Kind, type Snapshot } from './definition.ts';
import { sameJson } from './json.ts';
import { settle, type Pending } from './pending.ts';
import { initial, restore, step } from './step.ts';

export interface Recovered {
  readonly id: string;
  readonly kind: Kind;
  snapshot: Snapshot;
  seq: number;
  since: number;
  pending: Pending;
}

/** Throws `JOURNAL_DIVERGED` when a machine of today steps otherwise than the record says. */
export function recover(contents: JournalContents): ReadonlyMap<string, Recovered> {
  const actors = new Map<string, Recovered>();
  const askers = new Map<string, string>();
  for (const snapshot of contents.snapshots) remember(actors, askers, fromSnapshot(snapshot));
  for (const record of contents.records) {
    const actor = actors.get(record.actor) ?? fresh(record.actor, record.seq);
    if (record.seq > actor.seq) replay(actor, record);
    remember(actors, askers, actor);
    settleElsewhere(actors, askers, record);
  }
  return actors;
}

function remember(actors: Map<string, Recovered>, askers: Map<string, string>, actor: Recovered): void {
  actors.set(actor.id, actor);
  for (const id of actor.pending.keys()) askers.set(id, actor.id);
}

function fromSnapshot({ actor: id, seq, since, snapshot, pending }: ActorSnapshot): Recovered {
  const kind = kindOrDiverged(id, seq);
  const intents = new Map<string, Intent>(pending.map((each) => [each.id, each.intent]));
  try {
    return { id, kind, seq, since, snapshot: restore(kind.definition, snapshot), pending: intents };
  } catch (error) {
    throw diverged(id, seq, 'its snapshot names a state that the machine does not have', {}, error);
  }
}

function fresh(id: string, seq: number): Recovered {
  const kind = kindOrDiverged(id, seq);
  return { id, kind, seq: 0, since: 0, snapshot: initial(kind), pending: new Map() };
}

function replay(actor: Recovered, record: JournalRecord): void {
  const { definition } = actor.kind;
  if (record.machine !== definition.label) {
    throw diverged(
      actor.id,
      record.seq,
      `it was written by ${record.machine}, and this version has ${definition.label}`,
    );
  }
  const { next, intents } = step(definition, actor.snapshot, record.event);
  if (!sameJson(next.value as Json, record.value)) {
    throw diverged(actor.id, record.seq, 'the state differs', { recorded: record.value, replayed: next.value });
  }
  if (!sameJson(intents as unknown as Json, record.intents as unknown as Json)) {
    throw diverged(actor.id, record.seq, 'the intents differ', { recorded: record.intents, replayed: intents });
  }
  if (actor.seq === 0 || !sameJson(next.value as Json, actor.snapshot.value as Json)) actor.since = record.at;
  actor.pending = settle(actor.kind, actor.pending, record.settles, record.seq, intents);
  actor.snapshot = next;
  actor.seq = record.seq;
}

/** A tell is settled by the record of the actor that was told. */
function settleElsewhere(actors: Map<string, Recovered>, askers: Map<string, string>, record: JournalRecord): void {
  if (record.settles === null) return;
  const asker = actors.get(askers.get(record.settles) ?? '');
  if (asker === undefined || asker.id === record.actor) return;
  asker.pending = settle(asker.kind, asker.pending, record.settles, record.seq, []);
}

function kindOrDiverged(id: string, seq: number): Kind {
  const kind = kindOf(id);
  if (kind === undefined) throw diverged(id, seq, 'no machine answers to such an id');
  return kind;
}

const diverged = (actor: string, seq: number, what: string, facts = {}, cause?: unknown) =>
  new PathwardenError(
    'JOURNAL_DIVERGED',
    `Record ${String(seq)} of ${actor} cannot be replayed: ${what}. Start the version that wrote the journal, ` +
      'or set the journal aside: the node then recovers by looking at what it serves.',
    { actor, seq, ...facts },
    { cause },
  );
