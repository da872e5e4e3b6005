// A daemon that has seen maintenance begins no fence command, and takes nothing whose last owner may still write.
import type { Daemon } from '../../src/daemon/daemon.ts';
import { keys, type Incarnation } from '../../src/core/records.ts';
import type { FencePort } from '../../src/ports/dataplane.ts';
import type { Parts } from './parts.ts';
import type { Timeline } from './timeline.ts';

/** What was on its way when the daemon saw it is over by then, in time in which the daemon ran. */
const graceMs = 1_000;
const graces = 3;

/** The fence with the judge before it. */
export function heeding({ store, judge }: Parts, by: string, daemon: () => Daemon, fence: FencePort): FencePort {
  return {
    fence(victim, options) {
      const key = seen({ store }, daemon(), victim.node)[0];
      if (key !== undefined) judge.violate('fenced in maintenance', `${by} fences ${victim.node} in spite of ${key}`);
      return fence.fence(victim, options);
    },
  };
}

export function watchMaintenance(parts: Parts, host: string, daemon: Daemon, process: Timeline): void {
  const known = new Set<string>();
  const heeded = new Set<string>();
  const wait = (sight: string, times: number): void => {
    process.after(graceMs, () => (times > 1 ? wait(sight, times - 1) : heeded.add(sight)));
  };
  daemon.onChange(() => {
    for (const sight of [null, ...parts.shape.nodes].flatMap((node) => sightOf(parts, daemon, node) ?? [])) {
      if (known.has(sight)) continue;
      known.add(sight);
      wait(sight, graces);
    }
  });
  daemon.engine.follow(({ actor, intents }) => {
    for (const { type, params } of intents) {
      const { key, evidence } = params as { key: string; evidence: Incarnation | null };
      if (type !== 'lock.acquire' || evidence === null || isOurs(parts, daemon, key)) continue;
      const sight = seen(parts, daemon, evidence.node).find((each) => heeded.has(each));
      if (sight === undefined) continue;
      parts.judge.violate('taken in maintenance', `${host} bids for ${actor} of ${evidence.node} in spite of ${sight}`);
    }
  });
}

/** The maintenance over the node that this daemon has seen, whatever it made of it. */
const seen = (parts: Pick<Parts, 'store'>, daemon: Daemon, node: string): readonly string[] =>
  [null, node].flatMap((of) => sightOf(parts, daemon, of) ?? []);

function sightOf({ store }: Pick<Parts, 'store'>, daemon: Daemon, of: string | null): string | null {
  const row = store.state.kv.get(`pathwarden/${keys.maintenance(of)}`);
  return row === undefined || daemon.view.index < row.modifyIndex ? null : `${row.key}@${String(row.modifyIndex)}`;
}

/** Nothing is taken of what is held already. */
const isOurs = ({ store }: Parts, daemon: Daemon, key: string): boolean =>
  store.state.kv.get(`pathwarden/${key}`)?.session === daemon.lease.session;
