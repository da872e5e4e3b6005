// The engine of one node: actors, journal and intents, without knowing what they are about.
import type { DomainEvent, Intent } from '../../machines/intent.ts';
import { specOf, type Snapshot } from '../core/definition.ts';
import { recover } from '../core/recover.ts';
import { persist } from '../core/step.ts';
import type { Clock } from '../ports/clock.ts';
import type { ActorSnapshot, Cause, JournalPort, JournalRecord } from '../ports/journal.ts';
import type { Actor } from './actor.ts';
import { Commit, type Message, type Receipt } from './commit.ts';
import { Dispatcher, type Effects } from './dispatcher.ts';
import type { DaemonLog } from './log.ts';
import { Registry } from './registry.ts';
import { Scribe } from './scribe.ts';
import { StepLog } from './step-log.ts';
import { Timers } from './timers.ts';

export interface EngineParts {
  readonly journal: JournalPort;
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly mailboxEvents: number;
  readonly commandsPerKind: number;
  effects(): Effects;
  /** Called first in every turn. */
  readonly beforeTurn: () => void;
  readonly mayServe: () => boolean;
  /** An actor took a record; `moved` when its state is another one now. */
  onRecord(record: JournalRecord, actor: Actor, moved: boolean): void;
}

const journalPatienceMs = 500;
const journalRetryMs = 1_000;
const snapshotEveryRecords = 2_000;

export class Engine {
  readonly registry = new Registry();
  readonly timers: Timers;
  readonly scribe: Scribe;
  readonly counts = { records: 0, ignored: 0, rejected: 0, dispatched: 0 };
  readonly #parts: EngineParts;
  readonly #commit: Commit;
  readonly #dispatcher: Dispatcher;
  readonly #followers = new Set<(record: JournalRecord) => void>();
  readonly #dirty = new Set<Actor>();
  readonly #stepLog: StepLog;
  /** Intents that the last daemon left without an answer. */
  readonly #inherited = new Set<string>();
  #recordsSinceSnapshot = 0;
  #stopped = false;

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
        if (this.#recordsSinceSnapshot >= snapshotEveryRecords) void this.#saveDirty();
      },
    });
    this.#dispatcher = new Dispatcher({
      effects: new Proxy<Effects>({}, { get: (_, type) => parts.effects()[String(type)] }),
      commandsPerKind: parts.commandsPerKind,
      mayServe: parts.mayServe,
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
    for (const found of recover(contents).values()) {
      const actor = this.registry.ensure(found.id);
      actor.snapshot = found.snapshot;
      actor.seq = found.seq;
      actor.since = found.since;
      this.registry.setPending(actor, found.pending);
      for (const id of found.pending.keys()) this.#inherited.add(id);
    }
    this.#commit.resumeAfter(contents.lastSeq);
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

  post(actor: string, event: DomainEvent, cause: Cause | null): Promise<Receipt> {
    if (this.#stopped) return Promise.resolve({ kind: 'ignored' });
    return this.#commit.post({ actor, event, cause, settles: null });
  }

  follow(listener: (record: JournalRecord) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
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
    void this.#save([{ actor: actor.id, seq: actor.seq, snapshot: null }]);
  }

  /** Lets running commands end, writes what is left, saves snapshots and closes the journal. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.timers.cancelAll();
    await this.#dispatcher.stop();
    await this.#commit.idle();
    if (await this.scribe.flush()) await this.#saveDirty();
    await this.#parts.journal.close();
  }

  #answer(actor: string, event: DomainEvent, settles: string): void {
    if (this.#stopped) return;
    void this.#commit.post({ actor, event, cause: { kind: 'intent', id: settles }, settles });
  }

  #dispatch(actor: Actor, id: string, intent: Intent): void {
    this.counts.dispatched += 1;
    this.#dispatcher.dispatch(actor, id, intent);
  }

  #note(record: JournalRecord, before: Snapshot, actor: Actor): void {
    const moved = this.#stepLog.note(record, before, actor.snapshot);
    this.counts.records += 1;
    this.#dirty.add(actor);
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

  async #saveDirty(): Promise<void> {
    if (!this.scribe.isHealthy || this.#dirty.size === 0) return;
    const snapshots = [...this.#dirty].map(snapshotOf);
    this.#dirty.clear();
    this.#recordsSinceSnapshot = 0;
    await this.#save(snapshots);
  }

  async #save(snapshots: Parameters<JournalPort['saveSnapshots']>[0]): Promise<void> {
    try {
      await this.#parts.journal.saveSnapshots(snapshots);
    } catch (error) {
      // Only the next start takes longer: the records are there.
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
