// The tables of the embedded agent. Only kv.ts, session.ts and catalog.ts write to them, and only inside store.write().

export interface KvRow {
  readonly key: string;
  /** Base64, as Consul answers it. */
  readonly value: string;
  readonly flags: number;
  readonly lockIndex: number;
  readonly session: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface SessionRow {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly lockDelayMs: number;
  readonly behavior: 'release' | 'delete';
  /** As it was given, `10s`; empty without one. */
  readonly ttl: string;
  readonly nodeChecks: readonly string[];
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface NodeRow {
  readonly node: string;
  readonly id: string;
  readonly address: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface CheckRow {
  readonly node: string;
  readonly checkId: string;
  readonly name: string;
  readonly status: string;
  readonly output: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface State {
  /** The raft index: every write command takes one, also one that changes nothing. */
  index: number;
  readonly kv: Map<string, KvRow>;
  /** Deleted keys with the index of their deletion, so that a prefix never goes back at once. */
  readonly tombstones: Map<string, { readonly index: number; readonly atMs: number }>;
  readonly sessions: Map<string, SessionRow>;
  readonly nodes: Map<string, NodeRow>;
  readonly checks: Map<string, CheckRow>;
  /** Keys that cannot be locked until this monotonic time. In memory only, as in Consul. */
  readonly lockDelays: Map<string, number>;
  readonly tableIndex: { kv: number; sessions: number; nodes: number; checks: number };
  /** Inside a transaction: how to take back what was done so far, last first. */
  undo: (() => void)[] | null;
}

export const emptyState = (): State => ({
  index: 1,
  kv: new Map(),
  tombstones: new Map(),
  sessions: new Map(),
  nodes: new Map(),
  checks: new Map(),
  lockDelays: new Map(),
  tableIndex: { kv: 0, sessions: 0, nodes: 0, checks: 0 },
  undo: null,
});
