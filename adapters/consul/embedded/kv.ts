// The key/value commands, one function each, with the index rules of Consul's state store.
import { AgentError } from './errors.ts';
import type { KvRow, State } from './state.ts';

// Consul forgets deletions after this; a prefix whose newest key was deleted then goes back in index.
const tombstoneLifeMs = 15 * 60_000;

export interface KvWrite {
  readonly key: string;
  readonly value: string;
  readonly flags: number;
  readonly session: string;
}

/** A write that names no session drops the lock index to 0 and keeps the holder: this is what Consul does. */
export const setKey = (state: State, write: KvWrite): KvRow =>
  store(state, write, { session: state.kv.get(write.key)?.session ?? '', lockIndex: 0 });

export function casKey(state: State, write: KvWrite, expectedIndex: number): KvRow | null {
  const found = state.kv.get(write.key);
  if ((found?.modifyIndex ?? 0) !== expectedIndex) return null;
  return setKey(state, write);
}

/** Null: another session holds it. Throws for a session that does not exist. */
export function lockKey(state: State, write: KvWrite): KvRow | null {
  requireSession(state, write.session);
  const found = state.kv.get(write.key);
  if (found !== undefined && found.session !== '' && found.session !== write.session) return null;
  const lockIndex = found?.session === write.session ? found.lockIndex : (found?.lockIndex ?? 0) + 1;
  return store(state, write, { session: write.session, lockIndex });
}

/** Null: this session does not hold it. */
export function unlockKey(state: State, write: KvWrite): KvRow | null {
  if (write.session === '') throw new AgentError(500, 'missing session');
  const found = state.kv.get(write.key);
  if (found === undefined || found.session !== write.session) return null;
  return store(state, write, { session: '', lockIndex: found.lockIndex });
}

export function deleteKey(state: State, key: string, nowMs: number): void {
  const found = state.kv.get(key);
  if (found === undefined) return;
  const buried = state.tombstones.get(key);
  const tableIndex = state.tableIndex.kv;
  state.kv.delete(key);
  state.tombstones.set(key, { index: state.index, atMs: nowMs });
  state.tableIndex.kv = state.index;
  state.undo?.push(() => {
    state.kv.set(key, found);
    state.tableIndex.kv = tableIndex;
    if (buried === undefined) state.tombstones.delete(key);
    else state.tombstones.set(key, buried);
  });
}

/** False: it is at another index. Already absent is true. */
export function deleteKeyCas(state: State, key: string, expectedIndex: number, nowMs: number): boolean {
  const found = state.kv.get(key);
  if (found === undefined) return true;
  if (found.modifyIndex !== expectedIndex) return false;
  deleteKey(state, key, nowMs);
  return true;
}

export function deleteTree(state: State, prefix: string, nowMs: number): void {
  for (const { key } of listKeys(state, prefix)) deleteKey(state, key, nowMs);
}

/** Everything below the prefix, in key order. */
export const listKeys = (state: State, prefix: string): KvRow[] =>
  [...state.kv.values()].filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));

/** The index of a prefix: its newest change or deletion, or that of the whole table when it has neither. */
export function prefixIndex(state: State, prefix: string): number {
  if (prefix === '') return state.tableIndex.kv;
  let newest = 0;
  for (const { key, modifyIndex } of state.kv.values()) {
    if (modifyIndex > newest && key.startsWith(prefix)) newest = modifyIndex;
  }
  for (const [key, { index }] of state.tombstones) if (index > newest && key.startsWith(prefix)) newest = index;
  return newest === 0 ? state.tableIndex.kv : newest;
}

export const keyIndex = (state: State, key: string): number => state.kv.get(key)?.modifyIndex ?? state.tableIndex.kv;

export function forgetOldTombstones(state: State, nowMs: number): void {
  for (const [key, { atMs }] of state.tombstones) if (nowMs - atMs >= tombstoneLifeMs) state.tombstones.delete(key);
}

export const releaseKey = (state: State, row: KvRow): KvRow =>
  store(state, row, { session: '', lockIndex: row.lockIndex });

function store(state: State, write: KvWrite, lock: { session: string; lockIndex: number }): KvRow {
  const { key, value, flags } = write;
  const found = state.kv.get(key);
  const row: KvRow = {
    key,
    value,
    flags,
    ...lock,
    createIndex: found?.createIndex ?? state.index,
    modifyIndex: state.index,
  };
  if (found !== undefined && isSame(found, row)) return found;
  const tableIndex = state.tableIndex.kv;
  state.kv.set(key, row);
  state.tableIndex.kv = state.index;
  state.undo?.push(() => {
    if (found === undefined) state.kv.delete(key);
    else state.kv.set(key, found);
    state.tableIndex.kv = tableIndex;
  });
  return row;
}

// A write that changes nothing does not move the modify index.
const isSame = (a: KvRow, b: KvRow): boolean =>
  a.value === b.value && a.flags === b.flags && a.session === b.session && a.lockIndex === b.lockIndex;

function requireSession(state: State, session: string): void {
  if (session === '') throw new AgentError(500, 'missing session');
  if (session.length !== 36) {
    throw new AgentError(500, 'failed session lookup: index error: UUID must be 36 characters');
  }
  if (!state.sessions.has(session)) throw new AgentError(500, `invalid session "${session}"`);
}
