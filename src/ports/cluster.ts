// What pathwarden needs of Consul. Keys here are relative to the configured prefix, without a leading slash.
import type { CallOptions, Outcome } from './outcome.ts';

/** One key as Consul has it. Indexes are Consul's raft indexes. */
export interface ClusterEntry {
  readonly key: string;
  readonly value: string;
  readonly flags: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
  /** Grows each time the key is acquired by another session. This is the epoch of a path. */
  readonly lockIndex: number;
  /** The session that holds the lock now; null when nobody does. */
  readonly session: string | null;
}

/** All keys below the prefix, read in one request. */
export interface ClusterSnapshot {
  readonly index: number;
  readonly entries: readonly ClusterEntry[];
}

export interface SessionSpec {
  readonly name: string;
  /** 10 000 … 86 400 000. Consul ends the session between one and two TTLs after the last renewal. */
  readonly ttlMs: number;
  /** 0 … 60 000. Nobody can lock a key for this long after a session that held it was invalidated. */
  readonly lockDelayMs: number;
  /** True: bound to the health of the Consul node (serfHealth), so that a dead host is noticed by gossip. */
  readonly nodeHealth: boolean;
}

export interface Lock {
  readonly key: string;
  readonly session: string;
  readonly lockIndex: number;
}

export interface ClusterStatus {
  /** The name of the Consul node whose agent we talk to. */
  readonly consulNode: string;
  /** Address of the raft leader; null when there is none. */
  readonly leader: string | null;
}

export interface WatchHandlers {
  /** A snapshot whose content differs from the one before, and the first one. */
  onSnapshot(snapshot: ClusterSnapshot): void;
  /** A read succeeded; `sentAtMs` is the monotonic time it was *sent* at. Called also when nothing changed. */
  onContact?(sentAtMs: number): void;
  /** Reads fail: called at the first failure and whenever the reason changes; null when they succeed again. */
  onTrouble(reason: string | null): void;
}

export interface ClusterPort {
  /** Follows every key below the prefix until stopped. Obeys the rules of blocking queries; never gives up. */
  watch(handlers: WatchHandlers): { stop(): Promise<void> };

  /** One consistent read of everything below the prefix. */
  list(options: CallOptions): Promise<Outcome<ClusterSnapshot>>;
  /** One consistent read; `done` with null means: certainly absent. */
  read(key: string, options: CallOptions): Promise<Outcome<ClusterEntry | null>>;

  createSession(spec: SessionSpec, options: CallOptions): Promise<Outcome<{ session: string }>>;
  /** `refused` (`gone`) when the session does not exist any more. `ttlMs` may be larger than asked for: obey it. */
  renewSession(session: string, options: CallOptions): Promise<Outcome<{ ttlMs: number }>>;
  destroySession(session: string, options: CallOptions): Promise<Outcome>;

  /**
   * One transaction: the key is still at `expectedModifyIndex` (0 = absent), then lock it with `value`.
   * Refused codes: `held` (a session has it), `delayed` (lock-delay runs), `changed` (another index), `gone` (our
   * session).
   */
  acquire(
    request: { key: string; session: string; value: string; expectedModifyIndex: number },
    options: CallOptions,
  ): Promise<Outcome<ClusterEntry>>;
  /** Consistent read: `done` while the lock is ours with this lockIndex, `refused` (`lost`) when it is not. */
  confirm(lock: Lock, options: CallOptions): Promise<Outcome<ClusterEntry>>;
  /** Replaces the value of a key that we hold; the session and the lockIndex are checked in the same transaction. */
  update(lock: Lock, value: string, options: CallOptions): Promise<Outcome<ClusterEntry>>;
  /** Unlocks and writes `value` (empty after a clean release) in one transaction. `refused` (`lost`): not ours. */
  release(lock: Lock, value: string, options: CallOptions): Promise<Outcome>;

  /**
   * Writes a key that nobody locks. With `expectedModifyIndex` (0 = must be absent): refused (`changed`) on any other.
   * Refused (`locked`) for a key that was ever locked: Consul's plain write would set its lockIndex, the epoch, to 0.
   */
  put(
    request: { key: string; value: string; expectedModifyIndex?: number },
    options: CallOptions,
  ): Promise<Outcome<ClusterEntry>>;
  /** Deletes with check-and-set. Already absent is done. */
  remove(request: { key: string; expectedModifyIndex: number }, options: CallOptions): Promise<Outcome>;

  status(options: CallOptions): Promise<Outcome<ClusterStatus>>;
}
