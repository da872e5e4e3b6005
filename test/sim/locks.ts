// Whoever has heard that a lock is no longer its own lets go of the path at once; whoever is excluded opens nothing.
import type { KvJson } from '../../adapters/consul/api.ts';
import { keys } from '../../src/core/records.ts';
import { turnSlackMs } from './deadline.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import type { Heard, Right } from './right.ts';
import type { Incarnation } from './shared-disk.ts';
import type { Timeline } from './timeline.ts';

export interface Owner extends Powered {
  readonly right: Right;
  /** Before that it asks for its session first, and until its deadline it touches nothing. */
  readonly isJoined: boolean;
  readonly hasLostTime: boolean;
}

const prefix = 'pathwarden/paths/';

/** Answers what to call with everything that this process hears; its right to serve hears it first. */
export function watchLocks(parts: Parts, host: Owner, process: Timeline): (heard: Heard) => void {
  const { judge, trace, world } = parts;
  const { right } = host;
  const suspect = (path: string, since: number, isSure: boolean): void => {
    const fromMs = world.nowMs;
    const slackMs = turnSlackMs(parts, host, fromMs);
    process.after(slackMs, () => {
      // It stood still meanwhile: a daemon that does not run lets go of nothing, and begins when it wakes.
      if (world.nowMs - fromMs > slackMs * 1.03 + 1) return suspect(path, since, isSure);
      const stillServes = judge.servingSince(path, host.name) === since && host.enabledPaths().includes(`path/${path}`);
      if (process.isEnded || host.isStopping || !host.isJoined || !stillServes) return;
      // The journal's trouble may have begun after the news came, and even be over again.
      if (!isSure && host.journalFaults.feltSince(fromMs)) return suspect(path, since, true);
      judge.violate('served after its lock was lost', `${host.name} serves ${path} and knows better`);
    });
  };
  return (heard) => {
    right.heard(heard);
    const { verb, reply } = heard;
    if (!host.isJoined || verb !== 'kvList' || reply.kind !== 'answer' || reply.status !== 200) return;
    const rows = new Map((reply.body as readonly KvJson[]).map((row) => [row.Key, row.Session]));
    for (const id of host.enabledPaths()) {
      const path = id.slice('path/'.length);
      const since = judge.servingSince(path, host.name);
      const session = rows.get(`${prefix}${path}`);
      // An answer from before it served says nothing about it.
      if (since === null || reply.index <= since || (session !== undefined && right.owned(session))) continue;
      trace.note(host.name, () => `hears that the lock of ${path} is ${session ?? 'nobody'}'s`);
      suspect(path, since, false);
    }
  };
}

/**
 * Its exclusion is proven: whoever takes over need not ask again. When the clock of its host stood still it may
 * not know; where the storage refuses it, nobody can write to what it opens then.
 */
export function judgeOpening(
  { store, judge }: Parts,
  path: string,
  { node, session }: Incarnation,
  hasLostTime: boolean,
): void {
  if (hasLostTime && judge.refuses(node)) return;
  const row = store.state.kv.get(`pathwarden/${keys.exclusion(session)}`);
  if (row === undefined || !Buffer.from(row.value, 'base64').toString().includes('"state":"proven"')) return;
  judge.violate('an excluded session opens a path', `${node} opens ${path} with session ${session}, which is excluded`);
}
