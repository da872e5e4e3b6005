// /v1/kv/<key> and /v1/txn.
import { AgentError } from './errors.ts';
import {
  casKey,
  deleteKey,
  deleteKeyCas,
  deleteTree,
  keyIndex,
  listKeys,
  lockKey,
  prefixIndex,
  setKey,
  unlockKey,
} from './kv.ts';
import { isLockDelayed } from './lock-delay.ts';
import type { AgentAnswer, AgentRequest, Handler } from './request.ts';
import { awaitIndex, json, numberIn, parseJson, readHeaders, text } from './request.ts';
import type { KvRow } from './state.ts';
import type { Store } from './store.ts';
import type { TxnOperation } from './txn.ts';
import { isWriting, operationsMax, precheck, runTxn } from './txn.ts';

const valueBytesMax = 512 * 1024;

export const getKv: Handler = (store, request, key) => {
  const { query } = request;
  if (query.has('keys')) return getKeys(store, request, key);
  if (query.has('recurse')) return getTree(store, request, key);
  if (key === '') return text(400, 'Missing key name');
  return getKey(store, request, key);
};

async function getKey(store: Store, request: AgentRequest, key: string): Promise<AgentAnswer> {
  const headers = readHeaders(await awaitIndex(store, request, () => keyIndex(store.state, key)));
  const row = store.state.kv.get(key);
  if (row === undefined) return { status: 404, headers };
  if (!request.query.has('raw')) return json([kvJson(row)], headers);
  return { status: 200, headers, body: { raw: Buffer.from(row.value, 'base64') } };
}

async function getTree(store: Store, request: AgentRequest, prefix: string): Promise<AgentAnswer> {
  const headers = readHeaders(await awaitIndex(store, request, () => prefixIndex(store.state, prefix)));
  const rows = listKeys(store.state, prefix);
  return rows.length === 0 ? { status: 404, headers } : json(rows.map(kvJson), headers);
}

async function getKeys(store: Store, request: AgentRequest, prefix: string): Promise<AgentAnswer> {
  const headers = readHeaders(await awaitIndex(store, request, () => prefixIndex(store.state, prefix)));
  const separator = request.query.get('separator') ?? '';
  const names = listKeys(store.state, prefix).map(({ key }) => {
    const end = separator === '' ? -1 : key.indexOf(separator, prefix.length);
    return end < 0 ? key : key.slice(0, end + separator.length);
  });
  return names.length === 0 ? { status: 404, headers } : json([...new Set(names)], headers);
}

export const putKv: Handler = (store, { query, body }, key) => {
  if (key === '') return text(400, 'Missing key name');
  requireOneOf(query, ['cas', 'acquire', 'release']);
  if (body.length > valueBytesMax) {
    return text(413, `Request body(${body.length} bytes) too large, max size: ${valueBytesMax} bytes.`);
  }
  const flags = numberIn(query, 'flags', 'Invalid flags');
  const expectedIndex = numberIn(query, 'cas', 'Invalid cas');
  const session = query.get('acquire') ?? query.get('release') ?? '';
  const write = { key, value: body.toString('base64'), flags, session };
  if (query.has('acquire') && isLockDelayed(store.state, key, store.clock.monotonicMs())) return json(false);
  const row = store.write((state) => {
    if (query.has('acquire')) return lockKey(state, write);
    if (query.has('release')) return unlockKey(state, write);
    return query.has('cas') ? casKey(state, write, expectedIndex) : setKey(state, write);
  });
  return json(row !== null);
};

export const deleteKv: Handler = (store, { query }, key) => {
  requireOneOf(query, ['recurse', 'cas']);
  if (key === '' && !query.has('recurse')) return text(400, 'Missing key name');
  const expectedIndex = numberIn(query, 'cas', 'Invalid cas');
  const nowMs = store.clock.monotonicMs();
  return json(
    store.write((state) => {
      if (query.has('cas')) return deleteKeyCas(state, key, expectedIndex, nowMs);
      if (query.has('recurse')) deleteTree(state, key, nowMs);
      else deleteKey(state, key, nowMs);
      return true;
    }),
  );
};

export const putTxn: Handler = (store, { body }) => {
  const operations = operationsIn(body);
  if (operations.length > operationsMax) {
    return text(413, `Transaction contains too many operations (${operations.length} > ${operationsMax})`);
  }
  const nowMs = store.clock.monotonicMs();
  const writing = isWriting(operations);
  // A transaction that only reads is a query: it takes no index and says how fresh it is.
  const extra = writing ? {} : { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: '' };
  const freshness = { 'X-Consul-Knownleader': 'true', 'X-Consul-Lastcontact': '0' };
  const headers: Record<string, string> = writing ? {} : freshness;
  const early = precheck(store.state, operations, nowMs);
  if (early.length > 0) return { status: 409, headers, body: { json: { Results: null, Errors: early, ...extra } } };
  const { results, errors } = writing
    ? store.write((state) => runTxn(state, operations, nowMs))
    : runTxn(store.state, operations, nowMs);
  if (errors.length > 0) return { status: 409, headers, body: { json: { Results: null, Errors: errors, ...extra } } };
  const Results = results.map(({ row, withValue }) => ({ KV: kvJson(withValue ? row : { ...row, value: '' }) }));
  return json({ Results, Errors: null, ...extra }, headers);
};

// Consul says null for an empty value and leaves the session out when there is none.
const kvJson = ({ key, value, flags, lockIndex, session, createIndex, modifyIndex }: KvRow): object => ({
  LockIndex: lockIndex,
  Key: key,
  Flags: flags,
  Value: value === '' ? null : value,
  ...(session === '' ? {} : { Session: session }),
  CreateIndex: createIndex,
  ModifyIndex: modifyIndex,
});

function operationsIn(body: Buffer): TxnOperation[] {
  const parsed = parseJson(body, 'Failed to parse body');
  if (!Array.isArray(parsed)) throw new AgentError(400, 'Failed to parse body: not a list of operations');
  return parsed.flatMap((item: { KV?: TxnOperation } | null) => (item?.KV === undefined ? [] : [item.KV]));
}

function requireOneOf(query: URLSearchParams, names: readonly string[]): void {
  if (names.filter((name) => query.has(name)).length < 2) return;
  throw new AgentError(400, `Conflicting flags: ${query.toString()}`);
}
