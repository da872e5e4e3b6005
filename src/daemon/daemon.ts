// One running pathwarden: recovers, joins, watches Consul and the node, and stops in order.
import type { NodeEvent } from '../../machines/node/events.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { actorIds } from '../core/records.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterPort } from '../ports/cluster.ts';
import type { DataPlane, FencePort, StorageFencePort } from '../ports/dataplane.ts';
import type { Cause, JournalPort, JournalRecord } from '../ports/journal.ts';
import type { PeersPort } from '../ports/peers.ts';
import type { Actor } from './actor.ts';
import type { Effects } from './dispatcher.ts';
import { effectsOf } from './effects/index.ts';
import { Engine } from './engine.ts';
import { Inheritance } from './inheritance.ts';
import { Lease } from './lease.ts';
import { leaveInOrder } from './leave.ts';
import { localOf } from './local-of.ts';
import type { DaemonLog } from './log.ts';
import { Looks } from './looks.ts';
import { Observer } from './observer.ts';
import { Outbid } from './outbid.ts';
import { peersOf, type Peers } from './peers.ts';
import { Reading } from './reading.ts';
import { retireIdle } from './retire.ts';
import { runsOut } from './runs-out.ts';
import { Rounds } from './rounds.ts';
import type { DaemonSettings } from './settings.ts';
import { Sightings } from './sightings.ts';
import { translate } from './translate.ts';

export interface DaemonParts {
  readonly settings: DaemonSettings;
  readonly cluster: ClusterPort;
  readonly dataPlane: DataPlane;
  /** By position in the exclusion methods; undefined where a method is not a command. */
  readonly fences: readonly (FencePort | undefined)[];
  /** Storages that others can tell to refuse this node. */
  readonly storageFences?: readonly StorageFencePort[];
  readonly journal: JournalPort;
  readonly clock: Clock;
  readonly log: DaemonLog;
  /** Other daemons, asked directly; used when the settings name an address, too. */
  readonly peers?: PeersPort;
  /** This daemon must not go on: another one runs under its name. */
  onRefused(reason: string): void;
}

const tickMs = 1_000;

export class Daemon {
  readonly engine: Engine;
  readonly lease: Lease;
  readonly settings: DaemonSettings;
  readonly clock: Clock;
  readonly journal: JournalPort;
  /** Null: other daemons are not asked directly. */
  readonly peers: Peers | null;
  readonly #parts: DaemonParts;
  readonly #reading: Reading;
  readonly observer: Observer;
  readonly #effects: Effects;
  readonly #sightings: Sightings;
  readonly #outbid: Outbid;
  readonly #looks: Looks;
  readonly #inheritance: Inheritance;
  readonly #rounds: Rounds;
  readonly #listeners = new Set<() => void>();
  #running = false;
  #resumed = false;
  #started = false;
  #cancels = new Set<() => void>();

  constructor(parts: DaemonParts) {
    const { settings, cluster, clock, journal, log, dataPlane } = parts;
    this.#parts = parts;
    this.settings = settings;
    this.clock = clock;
    this.journal = journal;
    this.#reading = new Reading({
      clock,
      log,
      onView: () => (this.#looks.now(), this.#changed()),
      onTrouble: () => this.#changed(),
    });
    this.#sightings = new Sightings(clock);
    this.#outbid = new Outbid(clock);
    this.#looks = new Looks(clock, (ms, then) => this.#after(ms, then), () => this.#translate());
    this.observer = new Observer(dataPlane, settings.deadlines.targetMs);
    this.lease = new Lease({
      cluster,
      clock,
      ...settings.session,
      requestDeadlineMs: settings.deadlines.consulMs,
      unvouched: () => this.peers?.failsafe.trouble ?? null,
      onLost: (_session, reason) =>
        this.tell(actorIds.node, { type: 'session.lost', reason } as DomainEvent, local('renewal')),
      onExpired: (_session, reason) =>
        this.tell(actorIds.node, { type: 'lease.expired', reason } as DomainEvent, local('own deadline')),
    });
    this.engine = new Engine({
      journal,
      clock,
      log,
      mailboxEvents: settings.mailboxEvents,
      commandsPerKind: settings.commandsPerKind,
      ...(settings.retention === undefined ? {} : { retention: settings.retention }),
      effects: () => this.#effects,
      beforeTurn: () => this.lease.check(),
      mayServe: () => this.lease.remainingMs > 0 && this.#isLeased(),
      onRecord: (record, actor, moved) => this.#onRecord(record, actor, moved),
    });
    this.#inheritance = new Inheritance(this.engine.registry);
    this.#rounds = new Rounds({
      ...parts,
      registry: this.engine.registry,
      observer: this.observer, inheritance: this.#inheritance,
      everyMs: settings.observeEveryMs,
      view: () => this.#reading.latest,
      post: (actor, event, cause) => this.tell(actor, event, cause),
      after: (ms, then) => this.#after(ms, then),
      isRunning: () => this.#running,
      onChange: () => this.#changed(),
    });
    this.#effects = effectsOf({
      ...parts,
      registry: this.engine.registry,
      observer: this.observer,
      outbid: (key, modifyIndex) => this.#outbid.note(key, modifyIndex),
      session: () => this.#node().session,
      noteSent: (session, sentAtMs) => this.lease.noteSent(session, sentAtMs),
      view: () => this.view,
      viewed: () => this.#reading.viewed,
      post: (actor, event, cause) => this.tell(actor, event, cause),
    });
    this.peers = this.#peersOf();
  }

  #peersOf(): Peers | null {
    return peersOf({
      ...this.#parts,
      lease: this.lease,
      registry: this.engine.registry,
      view: () => this.#reading.latest,
      consulAgeMs: () => this.viewAgeMs,
      tell: (actor, event, cause) => this.tell(actor, event, cause),
      after: (ms, then) => this.#after(ms, then),
    });
  }

  /** Throws `JOURNAL_…`. Resolves when the journal is recovered; joining Consul goes on in the background. */
  async start(): Promise<void> {
    const { cluster, settings } = this.#parts;
    await this.engine.recover();
    this.#inheritance.note();
    this.#running = true;
    this.engine.resume('stopping');
    // What the journal says of the node holds no longer: nobody may read it before the new start is committed.
    const { instance, bootId } = settings;
    const now = { instance, bootId, atMs: this.clock.monotonicMs() };
    const clears = (this.#parts.storageFences ?? []).length > 0;
    const started: NodeEvent = { type: 'node.started', ...now, ...(clears ? { clears } : {}) };
    const { setAside } = this.engine;
    const what = setAside === null ? 'start' : `start; the journal was damaged and is now ${setAside.location}`;
    await this.engine.post(actorIds.node, started, local(what));
    this.#started = true;
    this.#reading.start(cluster);
    this.peers?.start();
    this.#rounds.start();
    this.#after(settings.session.ttlMs - settings.session.marginMs, () => this.#endBlindStart());
    this.#tick();
  }

  /** A journal without a session does not say that nothing is served: its lease runs from the start all the same. */
  #endBlindStart(): void {
    if (!this.#nodeState().startsWith('recovering') || this.#node().session !== null) return;
    const reason = 'Consul could not be asked since the start which session is ours';
    this.tell(actorIds.node, { type: 'lease.expired', reason } as DomainEvent, local('own deadline'));
  }

  /** `drain`: gives everything up first. `keep`: leaves the data plane and the session for the next start. */
  async stop(how: 'keep' | 'drain', drainDeadlineMs: number): Promise<void> {
    if (how === 'drain') await leaveInOrder(this, () => this.#nodeState(), drainDeadlineMs);
    this.#running = false;
    for (const cancel of this.#cancels) cancel();
    this.lease.drop();
    await this.#reading.stop();
    await this.peers?.stop(how);
    await this.engine.stop();
  }

  get view(): ClusterView {
    return this.#reading.view;
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  get troubles(): Readonly<Record<'consul' | 'journal' | 'dataPlane', string | null>> {
    return { consul: this.#reading.trouble, journal: this.engine.scribe.trouble, dataPlane: this.#rounds.trouble };
  }

  /** Milliseconds since the last good contact with Consul; null before the first. */
  get viewAgeMs(): number | null {
    return this.#reading.ageMs(this.lease.lastContactMs);
  }

  tell(actor: string, event: DomainEvent, cause: Cause): void {
    void this.engine.post(actor, event, cause);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #nodeState(): string {
    return stateOf(this.engine.registry.ensure(actorIds.node).snapshot);
  }

  #isLeased(): boolean {
    return tagsOf(this.engine.registry.ensure(actorIds.node).snapshot).includes('leased');
  }

  #node(): NodeContext {
    return this.engine.registry.ensure(actorIds.node).snapshot.context as NodeContext;
  }

  #onRecord(record: JournalRecord, actor: Actor, moved: boolean): void {
    // A new specification changes no state, and yet the path may be taken from now on.
    if (record.event.type.endsWith('.specified')) this.#looks.soon();
    if (actor.id === actorIds.node && (moved || record.event.type === 'node.started')) this.#followNode(actor);
    if (!moved) return;
    const tags = tagsOf(actor.snapshot);
    const matters =
      tags.includes('idle') || tags.includes('settled') || stateOf(actor.snapshot).startsWith('locking.proving');
    if (matters) this.#looks.soon();
    this.#changed();
  }

  #followNode(actor: Actor): void {
    const { session, trouble, unheardSinceMs } = actor.snapshot.context as NodeContext;
    // What the last daemon left is still served: the deadline runs from every start, also one that moves nothing.
    const state = stateOf(actor.snapshot);
    if (tagsOf(actor.snapshot).includes('leased') && session !== null) this.lease.keep(session);
    else if (state.startsWith('recovering') && session !== null) this.lease.hold(session, unheardSinceMs ?? undefined);
    else this.lease.drop();
    if (state === 'joined') this.#resume();
    if (state === 'fencing') this.engine.abandon('the session is lost');
    if (state === 'fencing' || state === 'joiningAgain') void this.#rounds.look();
    if (state === 'leaving') this.#looks.soon();
    if (state === 'refused') this.#parts.onRefused(trouble ?? 'another daemon runs under this node name');
  }

  /** Joined for the first time: goes on with what the last daemon began. */
  #resume(): void {
    if (this.#resumed) return;
    this.#resumed = true;
    // A bid is as old as the view that it was made for: the lock is read instead, and bid for anew.
    this.engine.abandon('the daemon was started anew', 'lock.acquire');
    this.engine.resume('serving');
  }

  #translate(): void {
    const view = this.#reading.latest;
    if (!this.#running || view === null) return;
    const known = { sightings: this.#sightings, outbid: this.#outbid, inheritance: this.#inheritance };
    const here = localOf(this.engine, this.settings, known);
    for (const { actor, event, cause } of translate(view, here)) this.tell(actor, event, cause);
    retireIdle(this.engine, view);
  }

  /** What no change of the view tells: what runs out, refused bids and own proofs, a journal that writes again. */
  #tick(): void {
    this.#after(tickMs, () => {
      const waits =
        this.#outbid.expire() || this.engine.scribe.hasBeenMended() ||
        runsOut(this.view, { node: this.settings.node, leaving: this.#nodeState() === 'leaving' });
      if (waits) this.#looks.now();
      this.#tick();
    });
  }

  #after(ms: number, then: () => void): void {
    const cancel = this.clock.after(ms, () => {
      this.#cancels.delete(cancel);
      then();
    });
    this.#cancels.add(cancel);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

const local = (what: string): Cause => ({ kind: 'local', what });
