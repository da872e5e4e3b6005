import type { ClusterStatus, SessionSpec } from '../../src/ports/cluster.ts';
import type { CallOptions, Outcome } from '../../src/ports/outcome.ts';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import { sortReply, unexpected } from './answers.ts';
import type { ConsulApi } from './api.ts';
import { formatDuration, parseDuration } from './embedded/duration.ts';

// Consul answers these with a 500, yet nothing was created and asking again changes nothing.
const badSpec = /invalid session ttl|session ttl '|missing node registration|missing check '|is in critical state/i;

export async function createSession(
  api: ConsulApi,
  { name, ttlMs, lockDelayMs, nodeHealth }: SessionSpec,
  node: string | undefined,
  options: CallOptions,
): Promise<Outcome<{ session: string }>> {
  const times = { ttl: formatDuration(ttlMs), lockDelay: formatDuration(lockDelayMs) };
  const where = node === undefined ? {} : { node };
  const reply = await api.sessionCreate({ name, nodeHealth, ...times, ...where }, options);
  if (reply.kind === 'answer' && badSpec.test(reply.text)) {
    return refused(`consul refuses the session: ${reply.text}`, 'invalid');
  }
  const sorted = sortReply(reply);
  if (sorted.kind !== 'ok') return sorted;
  const session = sorted.answer.body?.ID;
  return session === undefined ? unexpected(sorted.answer) : done({ session });
}

export async function renewSession(
  api: ConsulApi,
  session: string,
  options: CallOptions,
): Promise<Outcome<{ ttlMs: number }>> {
  const sorted = sortReply(await api.sessionRenew(session, options));
  if (sorted.kind !== 'ok') return sorted;
  if (sorted.answer.status === 404) return refused('the session does not exist any more', 'gone');
  const ttlMs = parseDuration(sorted.answer.body?.[0]?.TTL ?? '');
  return ttlMs === null ? unexpected(sorted.answer) : done({ ttlMs });
}

export async function destroySession(api: ConsulApi, session: string, options: CallOptions): Promise<Outcome> {
  const sorted = sortReply(await api.sessionDestroy(session, options));
  if (sorted.kind !== 'ok') return sorted;
  return sorted.answer.status === 200 ? done(null) : unexpected(sorted.answer);
}

export async function readStatus(api: ConsulApi, options: CallOptions): Promise<Outcome<ClusterStatus>> {
  const [self, leader] = await Promise.all([api.agentSelf(options), api.statusLeader(options)]);
  const sortedSelf = sortReply(self);
  if (sortedSelf.kind !== 'ok') return sortedSelf;
  const consulNode = sortedSelf.answer.body?.Config.NodeName;
  if (consulNode === undefined) return unexpected(sortedSelf.answer);
  if (leader.kind === 'answer' && /no cluster leader/i.test(leader.text)) return done({ consulNode, leader: null });
  const sortedLeader = sortReply(leader);
  if (sortedLeader.kind !== 'ok') return sortedLeader;
  const address = sortedLeader.answer.body;
  if (address === null) return unknown('consul does not say who leads');
  return done({ consulNode, leader: address === '' ? null : address });
}
