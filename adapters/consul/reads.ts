import type { ClusterEntry, ClusterSnapshot } from '../../src/ports/cluster.ts';
import type { Outcome } from '../../src/ports/outcome.ts';
import { done, unknown } from '../../src/ports/outcome.ts';
import { sortReply, unexpected } from './answers.ts';
import type { ConsulApi, RequestOptions } from './api.ts';
import { toEntry, toSnapshot } from './entries.ts';

/** One consistent read of one key; null: certainly absent. `options` null: no time is left. */
export async function readEntry(
  { api, prefix }: { api: ConsulApi; prefix: string },
  key: string,
  options: RequestOptions | null,
): Promise<Outcome<ClusterEntry | null>> {
  if (options === null) return unknown('no time was left to read the key');
  const sorted = sortReply(await api.kvGet(prefix + key, options));
  if (sorted.kind !== 'ok') return sorted;
  if (sorted.answer.status === 404) return done(null);
  const row = sorted.answer.body?.[0];
  return row === undefined ? unexpected(sorted.answer) : done(toEntry(prefix, row));
}

/** Everything below the prefix, in one request. */
export async function readPrefix(
  { api, prefix }: { api: ConsulApi; prefix: string },
  query: Parameters<ConsulApi['kvList']>[1],
  options: RequestOptions,
): Promise<Outcome<ClusterSnapshot>> {
  const sorted = sortReply(await api.kvList(prefix, query, options));
  if (sorted.kind !== 'ok') return sorted;
  const snapshot = toSnapshot(prefix, sorted.answer);
  if (snapshot === null) return unexpected(sorted.answer);
  return snapshot.entries.length > 0 ? done(snapshot) : confirmEmpty(api, prefix, snapshot, options);
}

// A list holds what the token may read, so a token without rights sees an empty prefix. A single key is refused aloud.
async function confirmEmpty(
  api: ConsulApi,
  prefix: string,
  snapshot: ClusterSnapshot,
  { signal }: RequestOptions,
): Promise<Outcome<ClusterSnapshot>> {
  const options = { deadlineMs: confirmMs, ...(signal === undefined ? {} : { signal }) };
  const sorted = sortReply(await api.kvGet(prefix, options));
  return sorted.kind === 'ok' ? done(snapshot) : sorted;
}

const confirmMs = 2000;
