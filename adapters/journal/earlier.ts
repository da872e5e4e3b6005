// Snapshots that newer ones replaced: some are kept for as long as the records that follow them are.
import type { DatabaseSync } from 'node:sqlite';

/** Of one actor a replaced snapshot is kept when the last one kept is so many records, or so long, older. */
export const earlierEvery = { records: 5_000, ms: 86_400_000 } as const;

/** Keeps what a snapshot of the actor at `seq` is about to replace, now and then. */
export function keepEarlier(database: DatabaseSync): (actor: string, seq: number) => void {
  const keep = database.prepare(
    `INSERT OR IGNORE INTO earlier (actor, seq, snapshot, checksum)
     SELECT actor, seq, snapshot, checksum FROM snapshots
     WHERE actor = ?1 AND seq < ?2 AND snapshot IS NOT NULL AND checksum IS NOT NULL
     AND NOT EXISTS (
       SELECT 1 FROM earlier AS kept WHERE kept.actor = ?1 AND kept.seq > snapshots.seq - ${earlierEvery.records}
       AND (SELECT at FROM records WHERE seq = snapshots.seq) - (SELECT at FROM records WHERE seq = kept.seq)
         < ${earlierEvery.ms})`,
  );
  return (actor, seq) => void keep.run(actor, seq);
}

/** Before the records up to `upTo` go: those after which one of their actor's would be missing. */
export function removeEarlier(database: DatabaseSync, upTo: number): void {
  database.prepare(
    `DELETE FROM earlier WHERE seq <= ?1 AND (actor NOT IN (SELECT actor FROM snapshots) OR EXISTS
     (SELECT 1 FROM records WHERE records.actor = earlier.actor AND records.seq > earlier.seq AND records.seq <= ?1))`,
  ).run(upTo);
}
