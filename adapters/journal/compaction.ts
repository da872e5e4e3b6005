// Removes the oldest records, a few at a time. Pages that become free are used again by the records that come.
import type { DatabaseSync } from 'node:sqlite';
import type { Compacted, Retention } from '../../src/ports/journal.ts';
import { removeEarlier } from './earlier.ts';
import { extentOf } from './stored.ts';
import { transact } from './transact.ts';

/** `covered`: recovery needs what comes after. Throws SQLite's error. */
export function compact(database: DatabaseSync, covered: number, retention: Retention): Compacted {
  const { first, last } = extentOf(database);
  // The newest record stays: it says which seq comes next.
  const free = Math.min(covered, firstPending(database) - 1, last - 1);
  const wanted = last === 0 ? 0 : wantedUpTo(database, first, last, retention);
  const upTo = Math.min(wanted, free, first + retention.recordsMax - 1);
  const removed = Math.max(0, upTo - first + 1);
  if (removed > 0) remove(database, upTo);
  const goesOn = removed > 0 && upTo < Math.min(wanted, free);
  const heldAt = !goesOn && wanted > free ? Math.max(first, free + 1) : null;
  return { removed, more: goesOn, heldAt: heldAt === last ? null : heldAt, usedBytes: usedBytes(database) };
}

/** Room that records and snapshots take; free pages do not count. */
export function usedBytes(database: DatabaseSync): number {
  const pragma = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
}

/** The last record that has to go by age or size; the one before the first when none has to. */
function wantedUpTo(database: DatabaseSync, first: number, last: number, retention: Retention): number {
  const excess = usedBytes(database) - retention.bytesMax;
  const bySize = excess <= 0 ? 0 : Math.ceil((excess / usedBytes(database)) * (last - first + 1));
  // Looks one step ahead and no further: the next call looks again.
  const horizon = Math.min(last, first + retention.recordsMax);
  const young = database.prepare('SELECT min(seq) AS seq FROM records WHERE seq BETWEEN ? AND ? AND at >= ?');
  const byAge = Number(young.get(first, horizon, retention.keepSince)?.['seq'] ?? horizon + 1) - 1;
  return Math.max(first - 1 + bySize, byAge);
}

function firstPending(database: DatabaseSync): number {
  const first = database.prepare(
    `SELECT min(CAST(pending.value ->> '$.id' AS INTEGER)) AS seq
     FROM snapshots, json_each(snapshots.snapshot, '$.pending') AS pending WHERE snapshots.snapshot IS NOT NULL`,
  );
  return Number(first.get()?.['seq'] ?? Infinity);
}

function remove(database: DatabaseSync, upTo: number): void {
  transact(database, () => {
    // An actor that was forgotten and has no records any more needs no mark.
    database.prepare('DELETE FROM snapshots WHERE snapshot IS NULL AND seq <= ?').run(upTo);
    removeEarlier(database, upTo);
    database.prepare('DELETE FROM records WHERE seq <= ?').run(upTo);
  });
}
