// The embedded agent's state machine: its tables, and whoever waits for a change. Time comes from a Clock.
import type { Clock } from '../../../src/ports/clock.ts';
import { registerNode, removeNode, sessionsToEnd, setSerfHealth } from './catalog.ts';
import type { StoreOptions } from './options.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { openSessionKeeper } from './session-keeper.ts';
import type { SessionRequest } from './session.ts';
import type { SessionRow, State } from './state.ts';
import { emptyState } from './state.ts';

export interface Store extends Omit<SessionKeeper, 'create'> {
  readonly state: State;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Runs one raft command: takes the next index, then wakes whoever waits. */
  readonly write: <T>(command: (state: State) => T) => T;
  createSession(request: SessionRequest): SessionRow;
  /** Joins a node or lets it fail, as gossip would: the sessions bound to its health end at once. */
  setNodeAlive(node: string, alive: boolean, address?: string): void;
  removeNode(node: string): void;
  /** Ends every session with a critical or missing check: after commands that touch the catalog. */
  endBrokenSessions(): void;
  /** Calls back once at the next change. Returns what cancels it. */
  readonly onNextChange: (callback: () => void) => () => void;
}

export function openStore(options: StoreOptions): Store {
  const { clock, nodeName = 'embedded', adoptNodes = false } = options;
  const state = emptyState();
  const { write, onNextChange } = openCommandLog(state);
  const sessions = openSessionKeeper({ ...options, state, write, nodeName });
  const endBrokenSessions = (): void => sessionsToEnd(state).forEach((id) => sessions.destroySession(id));
  const setNodeAlive = (node: string, alive: boolean, address = '127.0.0.1'): void => {
    write(() => {
      registerNode(state, { node, id: '', address });
      setSerfHealth(state, node, alive);
    });
    endBrokenSessions();
  };

  setNodeAlive(nodeName, true);
  return {
    ...sessions,
    state,
    clock,
    nodeName,
    write,
    createSession(request) {
      if (adoptNodes && request.Node !== undefined && !state.nodes.has(request.Node)) setNodeAlive(request.Node, true);
      return sessions.create(request);
    },
    setNodeAlive,
    removeNode(node) {
      write(() => removeNode(state, node));
      endBrokenSessions();
    },
    endBrokenSessions,
    onNextChange,
  };
}

function openCommandLog(state: State): Pick<Store, 'write' | 'onNextChange'> {
  const waiters = new Set<() => void>();
  return {
    write(command) {
      state.index += 1;
      try {
        return command(state);
      } finally {
        const woken = [...waiters];
        waiters.clear();
        for (const wake of woken) wake();
      }
    },
    onNextChange(callback) {
      waiters.add(callback);
      return () => {
        waiters.delete(callback);
      };
    },
  };
}
