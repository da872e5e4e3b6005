// /v1/session/…
import { AgentError } from './errors.ts';
import type { AgentAnswer, AgentRequest, Handler } from './request.ts';
import { awaitIndex, json, parseJson, readHeaders, text } from './request.ts';
import type { SessionRequest } from './session.ts';
import type { SessionRow } from './state.ts';
import type { Store } from './store.ts';

export const createSessionRoute: Handler = (store, { body }) => {
  const request = body.length === 0 ? {} : parseJson(body, 'Request decode failed');
  return json({ ID: store.createSession(request as SessionRequest).id });
};

export const destroySessionRoute: Handler = (store, _request, id) => {
  requireId(id);
  store.destroySession(id);
  return json(true);
};

export const renewSessionRoute: Handler = (store, _request, id) => {
  requireId(id);
  const row = store.renewSession(id);
  return row === null ? text(404, `Session id '${id}' not found`) : json([sessionJson(row)]);
};

export const sessionInfo: Handler = (store, request, id) => {
  requireId(id);
  return listSessions(store, request, (row) => row.id === id);
};

export const sessionList: Handler = (store, request) => listSessions(store, request, () => true);

export const nodeSessions: Handler = (store, request, node) =>
  listSessions(store, request, (row) => row.node === node);

async function listSessions(
  store: Store,
  request: AgentRequest,
  wanted: (row: SessionRow) => boolean,
): Promise<AgentAnswer> {
  const index = await awaitIndex(store, request, () => store.state.tableIndex.sessions);
  const rows = [...store.state.sessions.values()].filter(wanted).sort((a, b) => (a.id < b.id ? -1 : 1));
  return json(rows.map(sessionJson), readHeaders(index));
}

const sessionJson = (row: SessionRow): object => ({
  ID: row.id,
  Name: row.name,
  Node: row.node,
  LockDelay: Math.round(row.lockDelayMs * 1e6),
  Behavior: row.behavior,
  TTL: row.ttl,
  NodeChecks: row.nodeChecks,
  ServiceChecks: null,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

function requireId(id: string): void {
  if (id === '') throw new AgentError(400, 'Missing session');
  if (id.length === 36) return;
  throw new AgentError(500, 'failed session lookup: index error: UUID must be 36 characters');
}
