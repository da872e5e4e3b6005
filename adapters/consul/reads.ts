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

/** `digest`: of the text that it was read from, when that came over HTTP. */
export interface PrefixRead extends ClusterSnapshot {
  readonly digest?: string | undefined;
}

/** Everything below the prefix, in one request. The same text as `before` is not read again. */
export async function readPrefix(
  { api, prefix }: { api: ConsulApi; prefix: string },
  query: { index: number; waitMs: number } | { consistent: true },
  options: RequestOptions,
  before: PrefixRead | null = null,
): Promise<Outcome<PrefixRead>> {
  const known = before?.digest;
  const sorted = sortReply(await api.kvList(prefix, 'index' in query ? { ...query, known } : query, options));
  if (sorted.kind !== 'ok') return sorted;
  const { digest, index } = sorted.answer;
  if (before !== null && known !== undefined && digest === known) return done({ ...before, index });
  const snapshot = toSnapshot(prefix, sorted.answer);
  if (snapshot === null) return unexpected(sorted.answer);
  if (snapshot.entries.length === 0) return confirmEmpty(api, prefix, snapshot, options);
  return done({ ...snapshot, digest });
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
