// The journal holds intent and history. An entry is durable before the world changes because of it.
import type { DomainEvent, Intent, Json } from '../../machines/intent.ts';

/** What led to an event: walk these back to answer "why". */
export type Cause =
  | { readonly kind: 'intent'; readonly id: string }
  /** `index` is that of the write; `by` says who wrote it, for people, where Consul knows. */
  | { readonly kind: 'consul'; readonly index: number; readonly key?: string; readonly by?: string }
  | { readonly kind: 'operator'; readonly by: string; readonly reason: string }
  | { readonly kind: 'local'; readonly what: string };

export interface JournalRecord {
  /** Grows by one per record in this journal. An intent's id is `<seq>.<position in intents>`. */
  readonly seq: number;
  readonly actor: string;
  /** `name@version` of the machine that made this step. */
  readonly machine: string;
  /** Wall clock, milliseconds, for display only. */
  readonly at: number;
  readonly event: DomainEvent;
  /** XState's state value after the event. */
  readonly value: Json;
  readonly intents: readonly Intent[];
  readonly cause: Cause | null;
  /** The intent this event answers; null for news. */
  readonly settles: string | null;
}

/** An actor as it was right after record `seq`. */
export interface ActorSnapshot {
  readonly actor: string;
  readonly seq: number;
  readonly machine: string;
  /** Wall clock of the last change of state. */
  readonly since: number;
  /** XState's persisted snapshot. */
  readonly snapshot: Json;
  /** Intents that have no answer yet, by id. */
  readonly pending: readonly { readonly id: string; readonly intent: Intent }[];
}

export interface JournalContents {
  readonly snapshots: readonly ActorSnapshot[];
  /** Records newer than the snapshot of their actor, oldest first. */
  readonly records: readonly JournalRecord[];
  /** The seq of the newest record ever written; 0 for an empty journal. */
  readonly lastSeq: number;
  /** The journal that lay here could not be read: this one begins anew, and nothing is known of before. */
  readonly setAside?: SetAside;
}

/** A damaged journal that was moved out of the way, whole. */
export interface SetAside {
  /** One clause for people. */
  readonly reason: string;
  /** Where it lies now; its `-wal` and `-shm` beside it. */
  readonly location: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

export interface JournalQuery {
  readonly actor?: string;
  /** Inclusive bounds on seq. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Newest first when true. */
  readonly newestFirst?: boolean;
}

export interface JournalInfo {
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly sizeBytes: number;
  readonly location: string;
}

/** What may go. Records that recovery needs never go, however old and many they are. */
export interface Retention {
  /** Records from before this wall clock millisecond may go. */
  readonly keepSince: number;
  /** The oldest go while the records take more than this. */
  readonly bytesMax: number;
  /** One call removes at most so many, and appends get their turn before the next. */
  readonly recordsMax: number;
}

export interface Compacted {
  readonly removed: number;
  /** Another call would remove more. */
  readonly more: boolean;
  /** The oldest record that had to go and may not: newer than its actor's snapshot, or its intent is unanswered. */
  readonly heldAt: number | null;
  /** What records and snapshots take; the file is larger by the room that is free in it. */
  readonly usedBytes: number;
}

export interface JournalPort {
  /**
   * Reads what recovery needs. A damaged journal is set aside and a new one begun. Called once, first.
   * Throws `JOURNAL_IN_USE`, `JOURNAL_TOO_NEW`, or `JOURNAL_WRITE_FAILED`.
   */
  open(): Promise<JournalContents>;
  /**
   * Resolves when the records are durable, all or none. Concurrent calls may share one commit.
   * Rejects with `JOURNAL_WRITE_FAILED`: then every later append that was waiting is rejected too, and the same seqs
   * are appended again. Rejects with `LIMIT_EXCEEDED` when a record is too large or too many wait: nothing was taken.
   */
  append(records: readonly JournalRecord[]): Promise<void>;
  /** Replaces the stored snapshots of these actors; a null snapshot forgets the actor (its records stay). */
  saveSnapshots(
    snapshots: readonly (ActorSnapshot | { actor: string; seq: number; snapshot: null })[],
  ): Promise<void>;
  read(query: JournalQuery): Promise<readonly JournalRecord[]>;
  /**
   * Snapshots of an actor, oldest first. The newest is the one that recovery uses; of earlier ones some are kept, and
   * no record of the actor is missing behind any of them.
   */
  snapshots(actor: string): Promise<readonly ActorSnapshot[]>;
  /** Removes the oldest records that may go: one small step. Rejects with `JOURNAL_WRITE_FAILED`. */
  compact(retention: Retention): Promise<Compacted>;
  info(): Promise<JournalInfo>;
  close(): Promise<void>;
}

/** A journal file of whichever node, opened for reading. */
export interface JournalReader {
  /** The node that wrote it; null when it does not say. */
  readonly node: string | null;
  info(): JournalInfo;
  /** The newest of each actor. */
  snapshots(): readonly ActorSnapshot[];
  /** Those that newer ones replaced, as far as they are kept; oldest first. */
  earlier(): readonly ActorSnapshot[];
  /** Oldest first, page by page, so that a journal of any size fits and a running daemon is not held up. */
  records(): Iterable<JournalRecord>;
  read(query: JournalQuery): readonly JournalRecord[];
  close(): void;
}
