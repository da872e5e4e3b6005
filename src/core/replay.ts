// Replays a journal, record after record, and says where a machine steps otherwise than a record says. Pure.
import type { DomainEvent, Intent, Json } from '../../machines/intent.ts';
import type { ActorSnapshot, JournalRecord } from '../ports/journal.ts';
import { kindOf, versionOf, type Definition, type Kind, type Kinds, type Snapshot } from './definition.ts';
import { sameJson } from './json.ts';
import { settle, type Pending } from './pending.ts';
import { isSpent } from './spent.ts';
import { initial, restore, step, type Step } from './step.ts';
import { upcast } from './upcast.ts';

/** An actor as the journal leaves it. Its machine is the version that wrote its last record. */
export interface Replayed {
  readonly id: string;
  readonly kind: Kind;
  readonly snapshot: Snapshot;
  readonly seq: number;
  readonly since: number;
  readonly pending: Pending;
}

export interface Difference {
  readonly seq: number;
  readonly actor: string;
  /** Null where a snapshot and not a record differs. */
  readonly event: DomainEvent | null;
  /** What differs, as the end of a sentence: `the state differs`. */
  readonly what: string;
  readonly recorded: Json;
  readonly computed: Json;
}

type Result = { readonly actor: Replayed } | { readonly difference: Difference };

/** An actor may have been forgotten and begun anew more than once without a word in the journal. */
const guessesMax = 3;

export class Replay {
  readonly #kinds: Kinds;
  readonly #actors = new Map<string, Replayed>();
  /** Other pasts that fit everything recorded so far, of actors that may have been forgotten in between. */
  readonly #guesses = new Map<string, readonly Replayed[]>();
  /** Which actor waits for an intent's answer. */
  readonly #askers = new Map<string, string>();

  constructor(kinds: Kinds = kindOf) {
    this.#kinds = kinds;
  }

  get actors(): ReadonlyMap<string, Replayed> {
    return this.#actors;
  }

  /** Goes on from a stored snapshot; answers what is wrong with it. */
  begin(stored: ActorSnapshot): Difference | null {
    const result = fromSnapshot(stored, this.#kinds);
    if ('difference' in result) return result.difference;
    this.#keep(result.actor);
    return null;
  }

  /** A difference leaves its actor where it was. What its snapshot holds already is not taken again. */
  take(record: JournalRecord): Difference | null {
    const before = this.#actors.get(record.actor);
    if (before !== undefined && record.seq <= before.seq) {
      this.#settleElsewhere(record);
      return null;
    }
    const pasts = this.#pasts(record, before);
    const [only] = pasts;
    return only !== undefined && pasts.length === 1 ? this.#follow(only, record) : this.#choose(pasts, record);
  }

  #follow(past: Replayed, record: JournalRecord): Difference | null {
    const result = stepped(past, record);
    if ('difference' in result) return result.difference;
    this.#settleElsewhere(record);
    this.#keep(result.actor);
    return null;
  }

  /** Those pasts go on that fit this record too. */
  #choose(pasts: readonly Replayed[], record: JournalRecord): Difference | null {
    const results = pasts.map((past) => stepped(past, record));
    const [first, ...others] = results.flatMap((result) => ('actor' in result ? [result.actor] : []));
    if (first === undefined) return differenceIn(results) ?? unknownActor(record);
    if (others.length > 0) this.#guesses.set(first.id, others);
    else if (results.length > 1) this.#guesses.delete(first.id);
    this.#settleElsewhere(record);
    this.#keep(first);
    return null;
  }

  /** Brings every actor to today's version of its machine. */
  finish(): readonly Difference[] {
    const wrong: Difference[] = [];
    for (const actor of this.#actors.values()) {
      const today = this.#kinds(actor.id)?.definition;
      const result = today === undefined ? { actor } : atVersion(actor, today);
      if ('actor' in result) this.#keep(result.actor);
      else wrong.push(result.difference);
    }
    return wrong;
  }

  #pasts(record: JournalRecord, actor: Replayed | undefined): readonly Replayed[] {
    if (actor === undefined) return freshFor(record, this.#kinds);
    const guesses = this.#guesses.get(actor.id) ?? [];
    // Recording that it was forgotten would cost a record; a past that does not fit what follows is dropped.
    const fresh = isSpent(actor.id, actor.snapshot) ? freshFor(record, this.#kinds) : [];
    return [actor, ...guesses, ...fresh].slice(0, guessesMax);
  }

  #keep(actor: Replayed): void {
    const before = this.#actors.get(actor.id)?.pending;
    this.#actors.set(actor.id, actor);
    if (before === actor.pending) return;
    for (const id of before?.keys() ?? []) if (!actor.pending.has(id)) this.#askers.delete(id);
    for (const id of actor.pending.keys()) this.#askers.set(id, actor.id);
  }

  /** A tell is settled by the record of the actor that was told. */
  #settleElsewhere({ settles, actor, seq }: JournalRecord): void {
    const asker = settles === null ? undefined : this.#actors.get(this.#askers.get(settles) ?? '');
    if (asker === undefined || asker.id === actor) return;
    this.#keep({ ...asker, pending: settle(asker.kind, asker.pending, settles, seq, []) });
  }
}

/** The same step as then, by the machine that took it then. */
function stepped(past: Replayed, record: JournalRecord): Result {
  const raised = raise(past, record);
  if ('difference' in raised) return raised;
  const { actor } = raised;
  const result = tryStep(actor, record.event);
  if (typeof result === 'string') return { difference: differs(record, result, record.value, null) };
  const { next, intents } = result;
  if (!sameJson(next.value as Json, record.value)) {
    return { difference: differs(record, 'the state differs', record.value, next.value as Json) };
  }
  const recorded = record.intents as unknown as Json;
  if (!sameJson(intents as unknown as Json, recorded)) {
    return { difference: differs(record, 'the intents differ', recorded, intents as unknown as Json) };
  }
  const moved = actor.seq === 0 || !sameJson(next.value as Json, actor.snapshot.value as Json);
  return {
    actor: {
      ...actor,
      snapshot: next,
      seq: record.seq,
      since: moved ? record.at : actor.since,
      pending: settle(actor.kind, actor.pending, record.settles, record.seq, intents),
    },
  };
}

function tryStep({ kind, snapshot }: Replayed, event: DomainEvent): Step | string {
  try {
    return step(kind.definition, snapshot, event);
  } catch (error) {
    return `the machine cannot take the event (${error instanceof Error ? error.message : String(error)})`;
  }
}

function raise(actor: Replayed, record: JournalRecord): Result {
  const { definition } = actor.kind;
  if (record.machine === definition.label) return { actor };
  const wanted = definition.next === null ? undefined : laterVersion(definition, record.machine);
  if (wanted !== undefined) return atVersion(actor, wanted);
  const what = `${record.machine} wrote it, which is not known here`;
  return { difference: differs(record, what, record.machine, definition.label) };
}

function laterVersion(from: Definition, label: string): Definition | undefined {
  let later: Definition | undefined = from;
  while (later !== undefined && later.label !== label) later = later.next?.definition;
  return later;
}

function atVersion(actor: Replayed, wanted: Definition): Result {
  try {
    return { actor: upcast(actor, wanted) };
  } catch (error) {
    const what = `its upcaster fails (${error instanceof Error ? error.message : String(error)})`;
    const { id, seq, kind } = actor;
    const labels = { recorded: kind.definition.label, computed: wanted.label };
    return { difference: { seq, actor: id, event: null, what, ...labels } };
  }
}

function freshFor({ actor: id, machine }: JournalRecord, kinds: Kinds): readonly Replayed[] {
  const today = kinds(id);
  const version = today === undefined ? undefined : versionOf(today.definition, machine);
  if (today === undefined || version === undefined) return [];
  const kind = { ...today, definition: version };
  return [{ id, kind, seq: 0, since: 0, snapshot: initial(kind), pending: new Map() }];
}

function fromSnapshot({ actor: id, seq, since, machine, snapshot, pending }: ActorSnapshot, kinds: Kinds): Result {
  const today = kinds(id);
  const version = today === undefined ? undefined : versionOf(today.definition, machine);
  const wrong = (what: string): Result => ({
    difference: { seq, actor: id, event: null, what, recorded: machine, computed: today?.definition.label ?? null },
  });
  if (today === undefined) return wrong('no machine answers to such an id');
  if (version === undefined) return wrong(`its snapshot is of ${machine}, which is not known here`);
  const intents = new Map<string, Intent>(pending.map((each) => [each.id, each.intent]));
  const kind = { ...today, definition: version };
  try {
    return { actor: { id, kind, seq, since, snapshot: restore(version, snapshot), pending: intents } };
  } catch {
    return wrong('its snapshot names a state that the machine does not have');
  }
}

const differenceIn = (results: readonly Result[]): Difference | undefined =>
  results.flatMap((result) => ('difference' in result ? [result.difference] : []))[0];

const unknownActor = (record: JournalRecord): Difference =>
  differs(record, `no machine here answers to such an id as ${record.machine}`, record.machine, null);

const differs = (record: JournalRecord, what: string, recorded: Json, computed: Json): Difference =>
  ({ seq: record.seq, actor: record.actor, event: record.event, what, recorded, computed });
