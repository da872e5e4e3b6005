// The commit order, in one place: step, append, adopt, dispatch. The world changes last.
import type { DomainEvent, Intent, Json } from '../../machines/intent.ts';
import { sameJson } from '../core/json.ts';
import { intentId, settle } from '../core/pending.ts';
import { specOf, type Snapshot } from '../core/definition.ts';
import { actorIds } from '../core/records.ts';
import { step } from '../core/step.ts';
import { PathwardenError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cause, JournalRecord } from '../ports/journal.ts';
import type { Actor } from './actor.ts';
import { Ahead } from './ahead.ts';
import type { Registry } from './registry.ts';
import type { Scribe, Written } from './scribe.ts';

export interface Message {
  readonly actor: string;
  readonly event: DomainEvent;
  readonly cause: Cause | null;
  /** The intent that this event answers. */
  readonly settles: string | null;
}

export type Receipt = { readonly kind: 'recorded'; readonly record: JournalRecord } | { readonly kind: 'ignored' };

export interface CommitParts {
  readonly registry: Registry;
  readonly scribe: Scribe;
  readonly clock: Clock;
  readonly mailboxEventsMax: number;
  /** Runs before anything else in a turn: a pause of the process must be noticed before work goes on. */
  beforeTurn(): void;
  /** Carries out one intent, after its record was adopted. */
  dispatch(actor: Actor, id: string, intent: Intent): void;
  onRecord(record: JournalRecord, before: Snapshot, actor: Actor): void;
  /** An intent that starts to serve, and whose record could not be made durable. */
  onWithheld(actor: Actor, id: string, intent: Intent): void;
  /** Everything of the turn is adopted: actors and pending intents fit together. */
  afterTurn(): void;
  /** A machine or a message that cannot be: said loudly, stored nowhere. */
  onRejected(message: Message, error: unknown): void;
}

type Waiting = { readonly message: Message; readonly onReceipt: (receipt: Receipt) => void };
/** A turn that is being written, and when its actors are as it leaves them. */
type Turn = { readonly ahead: Ahead; readonly adopted: Promise<void> };
type Stepped = Pick<Waiting, 'onReceipt'> & {
  readonly actor: Actor;
  readonly record: JournalRecord;
  readonly next: Snapshot;
};

/** As many as the journal has groups on their way, and one that is stepped meanwhile. */
const turnsMax = 4;
/**
 * A turn is about as large as what can be stepped while the disk writes the one before, so that neither waits for the
 * other: a slow disk gets more at once.
 */
const turnEvents = { min: 32, perCommitMs: 20, max: 1_000 } as const;
/** How long an intent that starts to serve waits for its record. */
const withheldMs = 2_000;

export class Commit {
  readonly #parts: CommitParts;
  #mailbox: Waiting[] = [];
  #running: Promise<void> | null = null;
  #seq = 0;
  #turnSize: number = turnEvents.min;
  #lastWrittenMs = 0;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** Goes on after the last record of the journal. */
  resumeAfter(seq: number): void {
    this.#seq = seq;
  }

  /** Resolves once the event's record is durable, or the event turned out to mean nothing here. */
  post(message: Message): Promise<Receipt> {
    return new Promise((resolve) => this.take(message, resolve));
  }

  /** Like `post`, for those who wait for nothing. */
  take(message: Message, onReceipt: Waiting['onReceipt'] = noReceipt): void {
    // News can wait for the next look at the world. Answers come once, and so does what concerns the whole node.
    const isNews = message.settles === null && message.actor !== actorIds.node;
    const full = isNews ? this.#fullLimit() : null;
    if (full !== null) {
      const what = `${full.what}: ${message.event.type} for ${message.actor} was not taken.`;
      this.#parts.onRejected(message, new PathwardenError('LIMIT_EXCEEDED', what, full));
      onReceipt({ kind: 'ignored' });
      return;
    }
    this.#mailbox.push({ message, onReceipt });
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is waiting to be committed. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** No turn runs and none waits. */
  get isIdle(): boolean {
    return this.#running === null;
  }

  get waiting(): number {
    return this.#mailbox.length;
  }

  #fullLimit(): { readonly what: string; readonly limit: string } | null {
    if (this.#parts.scribe.isFull) return { what: 'Too much waits for the journal', limit: 'unwrittenRecordsMax' };
    if (this.#mailbox.length < this.#parts.mailboxEventsMax) return null;
    return { what: 'The mailbox is full', limit: 'limits.mailboxEvents' };
  }

  /** While the disk works on a turn the next ones are stepped and appended; they are adopted in their order. */
  async #run(): Promise<void> {
    // Let everything that was posted in the same moment share the turn.
    await Promise.resolve();
    const turns: Turn[] = [];
    while (this.#mailbox.length > 0 || turns.length > 0) {
      const turn = this.#begin(this.#mailbox.splice(0, this.#turnSize), turns);
      if (turn !== null) turns.unshift(turn);
      const mustWait = turns.length === turnsMax || this.#mailbox.length === 0;
      await (mustWait ? turns.at(-1)?.adopted : null);
      if (mustWait) turns.pop();
    }
    this.#running = null;
  }

  /** Null when nothing of the batch means anything. */
  #begin(batch: readonly Waiting[], before: readonly Turn[]): Turn | null {
    if (batch.length === 0) return null;
    this.#parts.beforeTurn();
    const ahead = new Ahead(before.map((turn) => turn.ahead.actors));
    const taken: Stepped[] = [];
    for (const waiting of batch) {
      const stepped = this.#step(waiting, ahead);
      if (stepped === null) waiting.onReceipt({ kind: 'ignored' });
      else taken.push(stepped);
    }
    return taken.length === 0 ? null : { ahead, adopted: this.#complete(taken, ahead, before[0]) };
  }

  async #complete(taken: readonly Stepped[], ahead: Ahead, before: Turn | undefined): Promise<void> {
    const startedMs = this.#parts.clock.monotonicMs();
    const written = await this.#parts.scribe.write(taken.map(({ record }) => record));
    const writtenMs = this.#parts.clock.monotonicMs();
    // The disk had the turns before to write first.
    this.#turnSize = turnSizeAfter(writtenMs - Math.max(startedMs, this.#lastWrittenMs));
    this.#lastWrittenMs = writtenMs;
    await before?.adopted;
    for (const each of taken) this.#adopt(each);
    for (const [actor, { pending }] of ahead.actors) this.#parts.registry.setPending(actor, pending);
    for (const each of taken) this.#dispatch(each, written);
    for (const { record, onReceipt } of taken) onReceipt({ kind: 'recorded', record });
    this.#parts.afterTurn();
  }

  #step({ message, onReceipt }: Waiting, ahead: Ahead): Stepped | null {
    const { actor: id, event, cause, settles } = message;
    try {
      const asker = settles === null ? undefined : this.#parts.registry.askerOf(settles);
      const isAwaited = settles === null || (asker !== undefined && ahead.of(asker).pending.has(settles));
      if (!isAwaited) return null;
      const actor = this.#parts.registry.ensure(id);
      const { definition } = actor.kind;
      const before = ahead.of(actor);
      const { next, intents, ignored } = step(definition, before.snapshot, event);
      // An answer that means nothing to the machine is recorded all the same: it settles its intent.
      if (ignored && settles === null) return null;
      this.#seq += 1;
      if (settles !== null && asker !== undefined && asker !== actor) ahead.forget(asker, settles);
      const own = asker === actor ? settles : null;
      const pending = settle(actor.kind, before.pending, own, this.#seq, intents);
      ahead.set(actor, { snapshot: next, pending });
      const record: JournalRecord = {
        seq: this.#seq,
        actor: id,
        machine: definition.label,
        at: this.#parts.clock.wallMs(),
        event,
        value: next.value as Json,
        intents,
        cause,
        settles,
      };
      return { actor, record, next, onReceipt };
    } catch (error) {
      this.#parts.onRejected(message, error);
      return null;
    }
  }

  #adopt({ actor, record, next }: Stepped): void {
    const before = actor.snapshot;
    if (actor.seq === 0 || !sameJson(before.value as Json, record.value)) actor.since = record.at;
    actor.snapshot = next;
    actor.seq = record.seq;
    this.#parts.onRecord(record, before, actor);
  }

  /** Taking waits for the journal; stopping never does. */
  #dispatch({ actor, record }: Stepped, { isDurable, durable }: Written): void {
    record.intents.forEach((intent, position) => {
      const id = intentId(record.seq, position);
      const { serves } = specOf(actor.kind.definition, intent.type);
      if (!serves || isDurable) {
        this.#parts.dispatch(actor, id, intent);
        return;
      }
      void this.#dispatchOnceDurable(actor, id, intent, durable);
    });
  }

  async #dispatchOnceDurable(actor: Actor, id: string, intent: Intent, durable: Promise<boolean>): Promise<void> {
    // A journal that hangs is no better than one that fails: whoever waits for the answer may want to stop by now.
    let cancel = (): void => {};
    const tooLong = new Promise<boolean>((resolve) => {
      cancel = this.#parts.clock.after(withheldMs, () => resolve(false));
    });
    const isDurable = await Promise.race([durable, tooLong]);
    cancel();
    if (!isDurable) this.#parts.onWithheld(actor, id, intent);
    else if (actor.pending.has(id)) this.#parts.dispatch(actor, id, intent);
  }
}

const noReceipt = (): void => {};

const turnSizeAfter = (commitMs: number): number =>
  Math.min(Math.max(Math.ceil(commitMs * turnEvents.perCommitMs), turnEvents.min), turnEvents.max);
