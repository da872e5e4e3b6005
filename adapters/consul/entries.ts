import type { ClusterEntry, ClusterSnapshot } from '../../src/ports/cluster.ts';
import type { ConsulAnswer, KvJson } from './api.ts';

export const toEntry = (prefix: string, { Key, Value, Flags, LockIndex, Session, ...row }: KvJson): ClusterEntry => ({
  key: Key.slice(prefix.length),
  value: Value ?? '',
  flags: Flags,
  createIndex: row.CreateIndex,
  modifyIndex: row.ModifyIndex,
  lockIndex: LockIndex,
  session: Session === undefined || Session === '' ? null : Session,
});

/** Of a 200 or a 404; null when the body is no list. */
export function toSnapshot(prefix: string, answer: ConsulAnswer<readonly KvJson[]>): ClusterSnapshot | null {
  if (answer.status === 404) return { index: answer.index, entries: [] };
  if (!Array.isArray(answer.body)) return null;
  const rows: readonly KvJson[] = answer.body;
  // A key that is the prefix itself is a folder mark, as Consul's own page makes them.
  const entries = rows.filter(({ Key }) => Key.length > prefix.length).map((row) => toEntry(prefix, row));
  return { index: answer.index, entries };
}

export const sameEntries = (a: readonly ClusterEntry[], b: readonly ClusterEntry[]): boolean =>
  a === b || (a.length === b.length && a.every((entry, place) => sameEntry(entry, b[place])));

const sameEntry = (a: ClusterEntry, b: ClusterEntry | undefined): boolean =>
  b !== undefined &&
  a.key === b.key &&
  a.modifyIndex === b.modifyIndex &&
  a.createIndex === b.createIndex &&
  a.lockIndex === b.lockIndex &&
  a.session === b.session &&
  a.flags === b.flags &&
  a.value === b.value;
