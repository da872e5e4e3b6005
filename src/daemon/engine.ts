// The engine of one node: actors, journal and intents, without knowing what they are about.
import type { DomainEvent, Intent } from '../../machines/intent.ts';
import { specOf, type Snapshot } from '../core/definition.ts';
import { recover } from '../core/recover.ts';
import { persist } from '../core/step.ts';
import type { Clock } from '../ports/clock.ts';
import type { ActorSnapshot, Cause, JournalPort, JournalRecord, SetAside } from '../ports/journal.ts';
import type { Actor } from './actor.ts';
import { Commit, type Message, type Receipt } from './commit.ts';
import { Dispatcher, type Effects } from './dispatcher.ts';
import type { DaemonLog } from './log.ts';
import { Registry } from './registry.ts';
import { Retention, type CompactionResult, type RetentionLimits } from './retention.ts';
import { Scribe } from './scribe.ts';
import { StepLog } from './step-log.ts';
import { Timers } from './timers.ts';

export interface EngineParts {
  readonly journal: JournalPort;
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly mailboxEvents: number;
  readonly commandsPerKind: number;
  /** Absent: nothing is ever removed from the journal. */
  readonly retention?: RetentionLimits;
  effects(): Effects;
  /** Called first in every turn. */
  readonly beforeTurn: () => void;
  readonly mayServe: () => boolean;
  /** An actor took a record; `moved` when its state is another one now. */
  onRecord(record: JournalRecord, actor: Actor, moved: boolean): void;
}

const journalPatienceMs = 500;
const journalRetryMs = 1_000;
/** Snapshots are stored after so many records, and never more often than one for every few records. */
const snapshotEveryRecords = 2_000;
const recordsPerSnapshot = 10;

export class Engine {
  readonly registry = new Registry();
  readonly timers: Timers;
  readonly scribe: Scribe;
  readonly counts = { records: 0, ignored: 0, rejected: 0, dispatched: 0 };
  readonly #parts: EngineParts;
  readonly #commit: Commit;
  readonly #dispatcher: Dispatcher;
  readonly #followers = new Set<(record: JournalRecord) => void>();
  readonly retention: Retention;
  /** Actors whose stored snapshot is older than they are. */
  readonly #dirty = new Set<Actor>();
  /** Actors that are gone and still have a stored snapshot, by id, with the seq of their last record. */
  readonly #forgotten = new Map<string, number>();
  readonly #stepLog: StepLog;
  /** Intents that the last daemon left without an answer. */
  readonly #inherited = new Set<string>();
  #recordsSinceSnapshot = 0;
  #recovered = false;
  #stopped = false;
  #setAside: SetAside | null = null;
  #heldAt: number | null = null;

  constructor(parts: EngineParts) {
    const { clock, journal, log } = parts;
    this.#parts = parts;
    this.#stepLog = new StepLog(log, clock);
    this.timers = new Timers(clock, (actor, name, intent) => this.#answer(actor, { type: `${name}.due` }, intent));
    this.scribe = new Scribe({
      journal,
      clock,
      patienceMs: journalPatienceMs,
      retryMs: journalRetryMs,
      onTrouble: (reason) => {
        if (reason === null) log.info({}, 'the journal writes again');
        else log.error({ data: { reason } }, 'the journal does not write: nothing new is taken, stopping goes on');
      },
    });
    this.retention = new Retention({
      journal,
      clock,
      ...(parts.retention === undefined ? {} : { limits: parts.retention }),
      isWritable: () => this.scribe.isHealthy,
      saveSnapshots: () => this.#saveDirty(),
      onDone: (result) => this.#noteCompaction(result),
      onFailed: (error) => log.warn({ err: error }, 'old records could not be removed from the journal'),
    });
    this.#commit = new Commit({
      registry: this.registry,
      scribe: this.scribe,
      clock,
      mailboxEventsMax: parts.mailboxEvents,
      beforeTurn: parts.beforeTurn,
      dispatch: (actor, id, intent) => this.#dispatch(actor, id, intent),
      onWithheld: (actor, id, intent) => this.#dispatcher.refuse(actor, id, intent, 'the journal cannot be written'),
      onRecord: (record, before, actor) => this.#note(record, before, actor),
      onRejected: (message, error) => this.#reject(message, error),
      afterTurn: () => {
        if (this.#recordsSinceSnapshot >= this.#snapshotAfter) void this.#saveDirty();
      },
    });
    this.#dispatcher = new Dispatcher({
      effects: new Proxy<Effects>({}, { get: (_, type) => parts.effects()[String(type)] }),
      commandsPerKind: parts.commandsPerKind,
      mayServe: parts.mayServe,
      monotonicMs: () => clock.monotonicMs(),
      post: (actor, event, settles) => this.#answer(actor, event, settles),
      armTimer: (actor, intent, name, ms) => this.timers.arm(actor, intent, name, ms),
      cancelTimer: (actor, name) => this.timers.cancel(actor, name),
      onBroken: (intent, error) =>
        log.error({ intent: intent.type, err: error }, 'an effect threw; its result counts as unknown'),
    });
  }

  /** Reads the journal and brings every actor back. Throws `JOURNAL_…`. Carries out nothing yet. */
  async recover(): Promise<void> {
    const contents = await this.#parts.journal.open();
    this.#setAside = contents.setAside ?? null;
    if (this.#setAside !== null) {
      const what = 'the journal was damaged and is set aside: the node recovers by looking at what it serves';
      this.#parts.log.error({ data: this.#setAside }, what);
    }
    const stored = new Map(contents.snapshots.map(({ actor, seq, pending }) => [actor, `${seq} ${pending.length}`]));
    for (const found of recover(contents).values()) {
      const actor = this.registry.ensure(found.id);
      actor.snapshot = found.snapshot;
      actor.seq = found.seq;
      actor.since = found.since;
      this.registry.setPending(actor, found.pending);
      // Also when only an intent of it was settled, by the record of another actor: that record may be compacted away.
      if (stored.get(actor.id) !== `${found.seq} ${found.pending.size}`) this.#dirty.add(actor);
      for (const id of found.pending.keys()) this.#inherited.add(id);
    }
    this.#commit.resumeAfter(contents.lastSeq);
    this.#recovered = true;
    this.retention.start();
    this.#parts.log.info(
      { actors: this.registry.size, lastSeq: contents.lastSeq, replayed: contents.records.length },
      'recovered',
    );
  }

  /** Carries out what was asked for before the last stop and not answered. Verbs are idempotent. */
  resume(which: 'stopping' | 'serving'): void {
    for (const actor of this.registry.all()) {
      for (const [id, intent] of actor.pending) {
        const { serves } = specOf(actor.kind.definition, intent.type);
        if (serves !== (which === 'serving') || !this.#inherited.delete(id)) continue;
        this.#dispatch(actor, id, intent);
      }
    }
  }

  /**
   * What starts to serve, all of it or this type, will not be resumed: nobody knows whether it happened, and nobody
   * waits for it longer.
   */
  abandon(reason: string, type?: string): void {
    for (const actor of this.registry.all()) {
      for (const [id, intent] of actor.pending) {
        const { serves } = specOf(actor.kind.definition, intent.type);
        if (!serves || (type !== undefined && type !== intent.type) || !this.#inherited.delete(id)) continue;
        this.#dispatcher.doubt(actor, id, intent, reason);
      }
    }
  }

  /** Ignored before the journal is recovered: nobody knows yet which record would be the next one. */
  post(actor: string, event: DomainEvent, cause: Cause | null): Promise<Receipt> {
    if (this.#stopped || !this.#recovered) return Promise.resolve({ kind: 'ignored' });
    return this.#commit.post({ actor, event, cause, settles: null });
  }

  follow(listener: (record: JournalRecord) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** The damaged journal that this start moved out of the way; null when there was none. */
  get setAside(): SetAside | null {
    return this.#setAside;
  }

  get waiting(): number {
    return this.#commit.waiting;
  }

  get inFlight(): number {
    return this.#dispatcher.inFlight;
  }

  /** Forgets an actor that nothing refers to any more; its records stay. Does nothing in the middle of a turn. */
  retire(actor: Actor): void {
    if (!this.#commit.isIdle || actor.pending.size > 0 || !this.scribe.isHealthy) return;
    this.registry.remove(actor.id);
    this.#dispatcher.forget(actor.id);
    this.#dirty.delete(actor);
    this.#forgotten.set(actor.id, actor.seq);
    void this.#saveDirty([]);
  }

  /** Lets running commands end, writes what is left, saves snapshots and closes the journal. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.timers.cancelAll();
    this.retention.stop();
    await this.#dispatcher.stop();
    await this.#commit.idle();
    if (await this.scribe.flush()) await this.#saveDirty();
    await this.#parts.journal.close();
  }

  get #snapshotAfter(): number {
    return Math.max(snapshotEveryRecords, recordsPerSnapshot * this.#dirty.size);
  }

  #answer(actor: string, event: DomainEvent, settles: string): void {
    if (this.#stopped) return;
    this.#commit.take({ actor, event, cause: { kind: 'intent', id: settles }, settles });
  }

  #dispatch(actor: Actor, id: string, intent: Intent): void {
    this.counts.dispatched += 1;
    this.#dispatcher.dispatch(actor, id, intent);
  }

  #note(record: JournalRecord, before: Snapshot, actor: Actor): void {
    const moved = this.#stepLog.note(record, before, actor.snapshot);
    this.counts.records += 1;
    this.#dirty.add(actor);
    // Its stored snapshot says that the intent waits.
    const asker = record.settles === null ? undefined : this.registry.askerOf(record.settles);
    if (asker !== undefined) this.#dirty.add(asker);
    this.#parts.onRecord(record, actor, moved);
    for (const follower of this.#followers) follower(record);
    this.#recordsSinceSnapshot += 1;
  }

  #reject(message: Message, error: unknown): void {
    this.counts.rejected += 1;
    this.#parts.log.error(
      { actor: message.actor, event: message.event.type, err: error },
      'an event was rejected, nothing is stored',
    );
  }

  #noteCompaction({ removed, heldAt, usedBytes }: CompactionResult): void {
    const { log } = this.#parts;
    if (removed > 0) log.info({ removed, usedBytes }, 'old records were removed from the journal');
    if (heldAt !== null && heldAt !== this.#heldAt) {
      log.warn({ heldAt, usedBytes }, 'the journal is older or larger than it should be: recovery needs this record');
    }
    this.#heldAt = heldAt;
  }

  /** Stores the snapshots of these actors, all that changed when left out, and forgets those that are gone. */
  async #saveDirty(actors: readonly Actor[] = [...this.#dirty]): Promise<void> {
    const gone = [...this.#forgotten].map(([actor, seq]) => ({ actor, seq, snapshot: null }));
    if (!this.scribe.isHealthy || actors.length + gone.length === 0) return;
    for (const actor of actors) this.#dirty.delete(actor);
    this.#forgotten.clear();
    if (actors.length > 0) this.#recordsSinceSnapshot = 0;
    try {
      await this.#parts.journal.saveSnapshots([...gone, ...actors.map(snapshotOf)]);
    } catch (error) {
      // The records are there: the next start takes longer, and the next time saves these too.
      for (const actor of actors) this.#dirty.add(actor);
      for (const { actor, seq } of gone) this.#forgotten.set(actor, seq);
      this.#parts.log.warn({ err: error }, 'snapshots could not be saved');
    }
  }
}

const snapshotOf = ({ id, kind, seq, since, snapshot, pending }: Actor): ActorSnapshot => ({
  actor: id,
  seq,
  machine: kind.definition.label,
  since,
  snapshot: persist(kind.definition, snapshot),
  pending: [...pending].map(([intentId, intent]) => ({ id: intentId, intent })),
});
