// The path lock in Consul.
import type { Incarnation, LockValue } from '../../core/records.ts';
import { readLockValue } from '../../core/view.ts';
import { done, refused, type Outcome } from '../../ports/outcome.ts';
import type { Lock } from '../../ports/cluster.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import { consulOptions, type EffectParts } from './parts.ts';

type Params = Readonly<Record<string, unknown>>;

export function lockEffects(parts: EffectParts): Effects {
  const options = consulOptions(parts);
  const { cluster } = parts;
  const withLock = async (
    params: Params,
    call: (lock: Lock) => Promise<Outcome<unknown>>,
  ): Promise<Outcome<Facts | null>> => {
    const session = parts.session();
    if (session === null) return refused('this node has no session', 'lost');
    const outcome = await call({ key: String(params['key']), session, lockIndex: Number(params['epoch']) });
    return outcome.kind === 'done' ? done(null) : outcome;
  };
  return {
    'lock.acquire': (params) => acquire(parts, params),
    'lock.read': (params) => read(parts, String(params['key'])),
    'lock.confirm': (params) => withLock(params, (lock) => cluster.confirm(lock, options)),
    'lock.clear': (params) =>
      withLock(params, (lock) => cluster.update(lock, ownValue(parts, lock.session, null), options)),
    'lock.release': (params) =>
      withLock(params, (lock) => {
        const evidence = params['evidence'] as Incarnation | null;
        const value = evidence === null ? '' : JSON.stringify({ pendingExclusion: evidence } satisfies LockValue);
        return cluster.release(lock, value, options);
      }),
  };
}

async function acquire(parts: EffectParts, params: Params): Promise<Outcome<Facts | null>> {
  const session = parts.session();
  if (session === null) return refused('this node has no session', 'gone');
  const evidence = params['evidence'] as Incarnation | null;
  const key = String(params['key']);
  const expectedModifyIndex = Number(params['expectedModifyIndex']);
  const outcome = await parts.cluster.acquire(
    { key, session, value: ownValue(parts, session, evidence), expectedModifyIndex },
    consulOptions(parts),
  );
  if (outcome.kind === 'refused' && (outcome.code === 'held' || outcome.code === 'changed')) {
    parts.outbid(key, expectedModifyIndex);
  }
  if (outcome.kind !== 'done') return outcome;
  return done({ epoch: outcome.value.lockIndex, modifyIndex: outcome.value.modifyIndex, evidence });
}

async function read(parts: EffectParts, key: string): Promise<Outcome<Facts | null>> {
  const outcome = await parts.cluster.read(key, consulOptions(parts));
  if (outcome.kind !== 'done') return outcome;
  const entry = outcome.value;
  const mine = entry !== null && entry.session !== null && entry.session === parts.session();
  if (!mine) return done({ mine, epoch: 0, modifyIndex: entry?.modifyIndex ?? 0, evidence: null });
  const evidence = readLockValue(entry.value)?.pendingExclusion ?? null;
  return done({ mine, epoch: entry.lockIndex, modifyIndex: entry.modifyIndex, evidence });
}

/** Our name in the lock, next to the last owner for as long as its exclusion is not proven. */
function ownValue({ settings, clock }: EffectParts, session: string, evidence: Incarnation | null): string {
  const value: LockValue = { node: settings.node, session, bootId: settings.bootId, since: clock.wallMs() };
  return JSON.stringify(evidence === null ? value : { ...value, pendingExclusion: evidence });
}
