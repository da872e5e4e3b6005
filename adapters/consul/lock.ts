// Locks on paths. Each write is one transaction that checks what was read; a write without an answer is read back.
import type { Clock } from '../../src/ports/clock.ts';
import type { ClusterEntry, ClusterPort, Lock } from '../../src/ports/cluster.ts';
import type { CallOptions, Outcome, Refused } from '../../src/ports/outcome.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { ConsulApi, KvOperation } from './api.ts';
import { sortReply } from './answers.ts';
import type { Budget } from './budget.ts';
import { openBudget } from './budget.ts';
import { toEntry } from './entries.ts';
import { readEntry } from './reads.ts';
import { base64, commit, settle, unchanged } from './txn.ts';

export interface Parts {
  readonly api: ConsulApi;
  readonly clock: Clock;
  readonly prefix: string;
}

type Acquire = Parameters<ClusterPort['acquire']>[0];

export async function acquire(parts: Parts, request: Acquire, options: CallOptions): Promise<Outcome<ClusterEntry>> {
  const { api, clock, prefix } = parts;
  const budget = openBudget(clock, options);
  const key = prefix + request.key;
  const lock: KvOperation = { Verb: 'lock', Key: key, Session: request.session, Value: base64(request.value) };
  const written = await commit(api, [unchanged(key, request.expectedModifyIndex), lock], budget.forWrite());
  if (written.kind === 'refused') return written;
  const row = written.kind === 'committed' ? written.rows.at(-1) : undefined;
  if (row !== undefined) return done({ ...toEntry(prefix, row), value: request.value });
  const read = await readEntry(parts, request.key, budget.rest());
  if (written.kind === 'unknown') return settle(written, read, (entry) => asAcquired(request, entry));
  const reasons = written.kind === 'rolledBack' ? written.reasons : [];
  if (read.kind !== 'done') return refusalByText(reasons);
  return asAcquired(request, read.value) ?? (await refusalOfFreeKey(parts, request, budget, reasons));
}

/** Ours already, certainly not ours, or null: the key is as it was before. */
function asAcquired(
  { session, value, expectedModifyIndex }: Acquire,
  entry: ClusterEntry | null,
): Outcome<ClusterEntry> | null {
  const holder = entry?.session ?? null;
  if (entry !== null && holder === session && entry.value === value) return done(entry);
  if (holder !== null && holder !== session) return refused('a session holds the lock', 'held');
  if ((entry?.modifyIndex ?? 0) !== expectedModifyIndex) return refused('the key has changed', 'changed');
  return null;
}

// Nobody holds it and it did not change: our session is gone, or lock-delay runs.
async function refusalOfFreeKey(
  { api }: Parts,
  { session }: Acquire,
  budget: Budget,
  reasons: readonly string[],
): Promise<Refused> {
  const options = budget.rest();
  if (options === null) return refusalByText(reasons);
  const sorted = sortReply(await api.sessionInfo(session, options));
  if (sorted.kind !== 'ok' || sorted.answer.body === null) return refusalByText(reasons);
  if (sorted.answer.body.length === 0) return refused('our session is gone', 'gone');
  return refused('lock-delay runs', 'delayed');
}

// Only when no read told more: the words may differ between versions of Consul.
function refusalByText(reasons: readonly string[]): Refused {
  const text = reasons.join('; ');
  if (text.includes('lock delay')) return refused('lock-delay runs', 'delayed');
  if (text.includes('invalid session')) return refused('our session is gone', 'gone');
  if (text.includes('already held')) return refused('a session holds the lock', 'held');
  return refused(text === '' ? 'the key has changed' : text, 'changed');
}

export async function confirm(parts: Parts, lock: Lock, options: CallOptions): Promise<Outcome<ClusterEntry>> {
  return confirmWithin(parts, lock, openBudget(parts.clock, options));
}

async function confirmWithin(parts: Parts, lock: Lock, budget: Budget): Promise<Outcome<ClusterEntry>> {
  const read = await readEntry(parts, lock.key, budget.rest());
  if (read.kind !== 'done') return read;
  return read.value !== null && isOurs(lock, read.value) ? done(read.value) : lost(read.value);
}

/**
 * Locks again with the new value: a plain write would set the lock index, our epoch, back to 0.
 * The read before gives the index that ties the write to this very epoch.
 */
export async function update(
  parts: Parts,
  lock: Lock,
  value: string,
  options: CallOptions,
): Promise<Outcome<ClusterEntry>> {
  const { api, clock, prefix } = parts;
  const budget = openBudget(clock, options);
  const held = await confirmWithin(parts, lock, budget);
  if (held.kind !== 'done') return held;
  const key = prefix + lock.key;
  const operations: KvOperation[] = [
    { Verb: 'check-session', Key: key, Session: lock.session },
    unchanged(key, held.value.modifyIndex),
    { Verb: 'lock', Key: key, Session: lock.session, Value: base64(value) },
  ];
  const written = await commit(api, operations, budget.forWrite());
  if (written.kind === 'refused') return written;
  const row = written.kind === 'committed' ? written.rows.at(-1) : undefined;
  if (row !== undefined) return done({ ...toEntry(prefix, row), value });
  const read = await readEntry(parts, lock.key, budget.rest());
  const rule = (entry: ClusterEntry | null): Outcome<ClusterEntry> | null => {
    if (entry === null || !isOurs(lock, entry)) return lost(entry);
    if (entry.value === value) return done(entry);
    return entry.modifyIndex === held.value.modifyIndex ? null : refused('the key has changed', 'changed');
  };
  if (written.kind === 'unknown') return settle(written, read, rule);
  const settled = read.kind === 'done' ? rule(read.value) : null;
  return settled ?? refused('the key has changed', 'changed');
}

export async function release(parts: Parts, lock: Lock, value: string, options: CallOptions): Promise<Outcome> {
  const { api, clock, prefix } = parts;
  const budget = openBudget(clock, options);
  const before = await readEntry(parts, lock.key, budget.rest());
  if (before.kind !== 'done') return before;
  if (before.value === null || !isOurs(lock, before.value)) return asReleased(lock, value, before.value);
  const key = prefix + lock.key;
  const { modifyIndex } = before.value;
  const unlock: KvOperation = { Verb: 'unlock', Key: key, Session: lock.session, Value: base64(value) };
  const written = await commit(api, [unchanged(key, modifyIndex), unlock], budget.forWrite());
  if (written.kind === 'refused') return written;
  if (written.kind === 'committed') return done(null);
  const read = await readEntry(parts, lock.key, budget.rest());
  const rule = (entry: ClusterEntry | null): Outcome | null => {
    if (entry === null || !isOurs(lock, entry)) return asReleased(lock, value, entry);
    return entry.modifyIndex === modifyIndex ? null : refused('the key has changed', 'changed');
  };
  if (written.kind === 'unknown') return settle(written, read, rule);
  const settled = read.kind === 'done' ? rule(read.value) : null;
  return settled ?? refused('the key has changed', 'changed');
}

// Release keeps the lock index, so this very release is recognised when it is asked for again.
const asReleased = (lock: Lock, value: string, entry: ClusterEntry | null): Outcome =>
  entry !== null && entry.session === null && entry.lockIndex === lock.lockIndex && entry.value === value
    ? done(null)
    : lost(entry);

const isOurs = (lock: Lock, entry: ClusterEntry): boolean =>
  entry.session === lock.session && entry.lockIndex === lock.lockIndex;

const lost = (entry: ClusterEntry | null): Refused => {
  if (entry === null) return refused('the key is gone', 'lost');
  return refused(entry.session === null ? 'nobody holds the lock' : 'the lock is held in another epoch', 'lost');
};
