// The cluster port over Consul. Every rule about requests and answers is in the files it puts together.
import type { Clock } from '../../src/ports/clock.ts';
import type { ClusterPort } from '../../src/ports/cluster.ts';
import type { ConsulApi } from './api.ts';
import { openBudget } from './budget.ts';
import { elections } from './elections.ts';
import type { Store } from './embedded/store.ts';
import { openStore } from './embedded/store.ts';
import { put, remove } from './keys.ts';
import { acquire, confirm, release, update } from './lock.ts';
import { memoryApi } from './memory.ts';
import { readEntry, readPrefix } from './reads.ts';
import { createSession, destroySession, readStatus, renewSession } from './sessions.ts';
import { wakeful } from './wakeful.ts';
import type { WatchPace } from './watch.ts';

export interface ConsulClusterOptions {
  readonly api: ConsulApi;
  readonly clock: Clock;
  /** With its slash at the end. */
  readonly prefix: string;
  /** Binds sessions to another node than the agent's own. Only for several daemons that share one agent. */
  readonly node?: string;
  readonly pace?: Partial<WatchPace>;
  /** How often the agent is asked who leads while somebody watches. Default: never. */
  readonly leaderEveryMs?: number;
}

export function consulCluster(given: ConsulClusterOptions): ClusterPort {
  const { clock, node, leaderEveryMs } = given;
  const followed = leaderEveryMs === undefined ? null : elections(given.api, clock, leaderEveryMs);
  const parts = { ...given, api: followed?.api ?? given.api };
  const { api } = parts;
  const { watch, wake, heard } = wakeful(parts);
  return {
    watch(handlers) {
      const watching = watch(handlers);
      const following = followed?.follow(wake);
      return {
        stop() {
          following?.stop();
          return watching.stop();
        },
      };
    },
    list: (options) => readPrefix(parts, { consistent: true }, options),
    read: (key, options) => heard(readEntry(parts, key, openBudget(clock, options).rest())),
    createSession: (spec, options) => createSession(api, spec, node, options),
    renewSession: (session, options) => heard(renewSession(api, session, options)),
    destroySession: (session, options) => destroySession(api, session, options),
    acquire: (request, options) => acquire(parts, request, options),
    confirm: (lock, options) => confirm(parts, lock, options),
    update: (lock, value, options) => update(parts, lock, value, options),
    release: (lock, value, options) => release(parts, lock, value, options),
    put: (request, options) => put(parts, request, options),
    remove: (request, options) => remove(parts, request, options),
    status: (options) => readStatus(api, options),
  };
}

export interface MemoryClusterOptions {
  readonly clock: Clock;
  /** Share one between the nodes of a test. Default: a new one. */
  readonly store?: Store;
  readonly prefix?: string;
  readonly node?: string;
  readonly pace?: Partial<WatchPace>;
}

/** The memory twin: the same code over a Consul in this process. */
export function memoryCluster({ clock, store, prefix = 'pathwarden/', ...more }: MemoryClusterOptions): ClusterPort {
  return consulCluster({ api: memoryApi(store ?? openStore({ clock })), clock, prefix, ...more });
}
