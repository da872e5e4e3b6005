// Sessions with their timers. Consul keeps these on the leader, outside raft.
import { randomUUID } from 'node:crypto';
import { parseDuration } from './duration.ts';
import { forgetOldTombstones } from './kv.ts';
import type { StoreOptions } from './options.ts';
import type { SessionRequest } from './session.ts';
import { createSession, endSession } from './session.ts';
import type { SessionRow, State } from './state.ts';

export interface SessionKeeper {
  create(request: SessionRequest): SessionRow;
  /** Null: there is no such session. */
  renewSession(id: string): SessionRow | null;
  destroySession(id: string): void;
  /** Stops all timers. */
  close(): void;
}

interface SessionKeeperOptions extends StoreOptions {
  readonly state: State;
  readonly nodeName: string;
  readonly write: <T>(command: (state: State) => T) => T;
}

export function openSessionKeeper(options: SessionKeeperOptions): SessionKeeper {
  const { clock, state, write, nodeName, sessionTtlMinMs = 10_000, expiryFactor = 2, newSessionId = randomUUID } =
    options;
  const timers = new Map<string, () => void>();
  const startTimer = ({ id, ttl }: SessionRow): void => {
    timers.get(id)?.();
    const ttlMs = parseDuration(ttl) ?? 0;
    if (ttlMs > 0) timers.set(id, clock.after(ttlMs * expiryFactor, () => destroySession(id)));
  };
  const destroySession = (id: string): void => {
    timers.get(id)?.();
    timers.delete(id);
    write(() => {
      forgetOldTombstones(state, clock.monotonicMs());
      endSession(state, id, clock.monotonicMs());
    });
  };
  return {
    create(request) {
      const row = write(() =>
        createSession(state, request, { id: newSessionId(), node: nodeName, ttlMinMs: sessionTtlMinMs }),
      );
      startTimer(row);
      return row;
    },
    renewSession(id) {
      const row = state.sessions.get(id);
      if (row === undefined) return null;
      startTimer(row);
      return row;
    },
    destroySession,
    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
