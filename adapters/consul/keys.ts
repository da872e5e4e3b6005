// Keys that nobody locks.
import type { ClusterEntry, ClusterPort } from '../../src/ports/cluster.ts';
import type { CallOptions, Outcome } from '../../src/ports/outcome.ts';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import type { KvOperation } from './api.ts';
import type { Budget } from './budget.ts';
import { openBudget } from './budget.ts';
import { toEntry } from './entries.ts';
import type { Parts } from './lock.ts';
import { readEntry } from './reads.ts';
import { base64, commit, settle } from './txn.ts';

type Put = Parameters<ClusterPort['put']>[0];
type Remove = Parameters<ClusterPort['remove']>[0];

export async function put(parts: Parts, request: Put, options: CallOptions): Promise<Outcome<ClusterEntry>> {
  const { api, clock, prefix } = parts;
  const { value, expectedModifyIndex } = request;
  const budget = openBudget(clock, options);
  // What must be absent was never locked; anything else is looked at first.
  const epoch = expectedModifyIndex === 0 ? done(null) : await refuseLockKey(parts, request.key, budget);
  if (epoch.kind !== 'done') return epoch;
  const target = { Key: prefix + request.key, Value: base64(value) };
  const write: KvOperation =
    expectedModifyIndex === undefined
      ? { Verb: 'set', ...target }
      : { Verb: 'cas', ...target, Index: expectedModifyIndex };
  const written = await commit(api, [write], budget.forWrite());
  if (written.kind === 'refused') return written;
  if (written.kind === 'rolledBack') return changed();
  const row = written.kind === 'committed' ? written.rows.at(-1) : undefined;
  if (row !== undefined) return done({ ...toEntry(prefix, row), value });
  const lost = written.kind === 'unknown' ? written : unknown('consul does not say what it wrote');
  return settle(lost, await readEntry(parts, request.key, budget.rest()), (entry) => {
    if (entry !== null && entry.value === value && entry.modifyIndex !== expectedModifyIndex) return done(entry);
    if (expectedModifyIndex === undefined || (entry?.modifyIndex ?? 0) === expectedModifyIndex) return null;
    return changed();
  });
}

// Consul sets the lock index, our epoch, back to 0 at every plain write.
async function refuseLockKey(parts: Parts, key: string, budget: Budget): Promise<Outcome> {
  const before = await readEntry(parts, key, budget.rest());
  if (before.kind !== 'done') return before;
  if (before.value === null || before.value.lockIndex === 0) return done(null);
  return refused('a plain write would set back the epoch of a key that is used as a lock', 'locked');
}

export async function remove(parts: Parts, request: Remove, options: CallOptions): Promise<Outcome> {
  const { api, clock, prefix } = parts;
  const { key, expectedModifyIndex } = request;
  const budget = openBudget(clock, options);
  const operation: KvOperation = { Verb: 'delete-cas', Key: prefix + key, Index: expectedModifyIndex };
  const written = await commit(api, [operation], budget.forWrite());
  if (written.kind === 'refused') return written;
  if (written.kind === 'committed') return done(null);
  if (written.kind === 'rolledBack') return changed();
  return settle(written, await readEntry(parts, key, budget.rest()), (entry) => {
    if (entry === null) return done(null);
    return entry.modifyIndex === expectedModifyIndex ? null : changed();
  });
}

const changed = (): Outcome<never> => refused('the key has changed', 'changed');
