// One write as one transaction, and what became of it.
import type { ClusterEntry } from '../../src/ports/cluster.ts';
import type { Outcome, Refused, Unknown } from '../../src/ports/outcome.ts';
import { unknown } from '../../src/ports/outcome.ts';
import { isTokenRefusal, sortReply, tokenRefused } from './answers.ts';
import type { ConsulApi, KvJson, KvOperation, RequestOptions } from './api.ts';

export type Committed =
  | { readonly kind: 'committed'; readonly rows: readonly KvJson[] }
  /** Certainly nothing was done: what Consul says about each failed operation. */
  | { readonly kind: 'rolledBack'; readonly reasons: readonly string[] }
  | Refused
  /** It may have happened or may still happen. */
  | Unknown;

export async function commit(
  api: ConsulApi,
  operations: readonly KvOperation[],
  options: RequestOptions | null,
): Promise<Committed> {
  if (options === null) return unknown('no time was left to write');
  const sorted = sortReply(await api.txn(operations, options));
  if (sorted.kind !== 'ok') return sorted;
  const { status, body } = sorted.answer;
  if (status === 409) {
    const reasons = (body?.Errors ?? []).map(({ What }) => What);
    // Inside a transaction a refused right is an error of one operation, not a 403.
    const denied = reasons.find(isTokenRefusal);
    return denied === undefined ? { kind: 'rolledBack', reasons } : tokenRefused(denied);
  }
  if (status !== 200) return unknown(`consul answers a transaction with ${status}`);
  return { kind: 'committed', rows: (body?.Results ?? []).map(({ KV }) => KV) };
}

export const base64 = (value: string): string => Buffer.from(value, 'utf8').toString('base64');

/** The key is still as it was read: at this index, or absent for 0. */
export const unchanged = (key: string, expectedModifyIndex: number): KvOperation =>
  expectedModifyIndex === 0
    ? { Verb: 'check-not-exists', Key: key }
    : { Verb: 'check-index', Key: key, Index: expectedModifyIndex };

/** A consistent read settles a write that got no answer; a rule that answers null leaves it unknown. */
export function settle<T>(
  lost: Unknown,
  read: Outcome<ClusterEntry | null>,
  rule: (entry: ClusterEntry | null) => Outcome<T> | null,
): Outcome<T> {
  if (read.kind !== 'done') return lost;
  return rule(read.value) ?? lost;
}
