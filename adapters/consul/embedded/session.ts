// Sessions without their timers: creation rules and what ends with a session.
import { checkKey } from './catalog.ts';
import { parseDuration } from './duration.ts';
import { AgentError } from './errors.ts';
import { deleteKey, releaseKey } from './kv.ts';
import { startLockDelay } from './lock-delay.ts';
import type { SessionRow, State } from './state.ts';

export interface SessionRequest {
  readonly Node?: string;
  readonly Name?: string;
  readonly TTL?: string;
  readonly LockDelay?: string | number;
  readonly Behavior?: string;
  readonly Checks?: readonly string[] | null;
  readonly NodeChecks?: readonly string[] | null;
}

const longestTtlMs = 24 * 3_600_000;

export function createSession(
  state: State,
  request: SessionRequest,
  defaults: { id: string; node: string; ttlMinMs: number },
): SessionRow {
  const node = request.Node ?? defaults.node;
  const behavior = request.Behavior ?? 'release';
  const nodeChecks = checksOf(request);
  const ttl = request.TTL ?? '';
  if (behavior !== 'release' && behavior !== 'delete') {
    throw new AgentError(500, `Invalid Behavior setting '${behavior}'`);
  }
  requireTtl(ttl, defaults.ttlMinMs);
  if (!state.nodes.has(node)) throw new AgentError(500, 'Missing node registration');
  for (const checkId of nodeChecks) requirePassing(state, node, checkId);
  const row: SessionRow = {
    id: defaults.id,
    name: request.Name ?? '',
    node,
    lockDelayMs: lockDelayOf(request.LockDelay),
    behavior,
    ttl,
    nodeChecks,
    createIndex: state.index,
    modifyIndex: state.index,
  };
  state.sessions.set(row.id, row);
  state.tableIndex.sessions = state.index;
  return row;
}

/** Frees or deletes what it holds and starts the lock-delay of each key, at an explicit destroy too. */
export function endSession(state: State, id: string, nowMs: number): void {
  const session = state.sessions.get(id);
  if (session === undefined) return;
  state.sessions.delete(id);
  state.tableIndex.sessions = state.index;
  for (const row of state.kv.values()) {
    if (row.session !== id) continue;
    if (session.behavior === 'delete') deleteKey(state, row.key, nowMs);
    else releaseKey(state, row);
    startLockDelay(state, row.key, session.lockDelayMs, nowMs);
  }
}

// An empty list under either name means: no checks at all.
function checksOf({ Checks, NodeChecks }: SessionRequest): readonly string[] {
  if (Checks?.length === 0 || NodeChecks?.length === 0) return [];
  return [...new Set(NodeChecks ?? Checks ?? ['serfHealth'])];
}

function requireTtl(ttl: string, ttlMinMs: number): void {
  if (ttl === '') return;
  const ttlMs = parseDuration(ttl);
  if (ttlMs === null) throw new AgentError(500, `Session TTL '${ttl}' invalid: time: invalid duration "${ttl}"`);
  if (ttlMs === 0 || (ttlMs >= ttlMinMs && ttlMs <= longestTtlMs)) return;
  throw new AgentError(500, `Invalid Session TTL '${ttlMs * 1e6}', must be between [${ttlMinMs / 1000}s=24h0m0s]`);
}

function requirePassing(state: State, node: string, checkId: string): void {
  const check = state.checks.get(checkKey(node, checkId));
  if (check === undefined) throw new AgentError(500, `Missing check '${checkId}' registration`);
  if (check.status === 'critical') throw new AgentError(500, `Check '${checkId}' is in critical state`);
}

// A number is nanoseconds, but below 1000 it is read as seconds.
function lockDelayOf(value: string | number | undefined): number {
  if (value === undefined) return 15_000;
  if (typeof value === 'number') return value < 1000 ? value * 1000 : value / 1e6;
  const ms = parseDuration(value);
  if (ms === null) throw new AgentError(400, `Request decode failed: time: invalid duration "${value}"`);
  return ms;
}
