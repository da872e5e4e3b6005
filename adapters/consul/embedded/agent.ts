// The routes of the embedded agent: one request in, one answer out, over whatever carries them.
import {
  agentMembers,
  agentSelf,
  catalogDeregister,
  catalogNodes,
  catalogRegister,
  healthInState,
  healthOfNode,
  statusLeader,
  statusPeers,
} from './catalog-routes.ts';
import { AgentError } from './errors.ts';
import { deleteKv, getKv, putKv, putTxn } from './kv-routes.ts';
import type { AgentAnswer, AgentRequest, Handler } from './request.ts';
import { text } from './request.ts';
import {
  createSessionRoute,
  destroySessionRoute,
  nodeSessions,
  renewSessionRoute,
  sessionInfo,
  sessionList,
} from './session-routes.ts';
import type { Store } from './store.ts';

export const handleRequest = async (store: Store, request: AgentRequest): Promise<AgentAnswer> => {
  const route = routes.find(({ path }) => (path.endsWith('/') ? request.path.startsWith(path) : request.path === path));
  if (route === undefined) return { status: 404 };
  const handler = route.methods[request.method];
  if (handler === undefined) return methodNotAllowed(request.method, Object.keys(route.methods));
  try {
    return await handler(store, request, request.path.slice(route.path.length));
  } catch (error) {
    if (error instanceof AgentError) return text(error.status, error.message);
    throw error;
  }
};

// A path that ends in a slash takes the rest as its argument.
const routes: readonly { path: string; methods: Readonly<Record<string, Handler>> }[] = [
  { path: '/v1/kv/', methods: { GET: getKv, PUT: putKv, DELETE: deleteKv } },
  { path: '/v1/txn', methods: { PUT: putTxn } },
  { path: '/v1/session/create', methods: { PUT: createSessionRoute } },
  { path: '/v1/session/destroy/', methods: { PUT: destroySessionRoute } },
  { path: '/v1/session/renew/', methods: { PUT: renewSessionRoute } },
  { path: '/v1/session/info/', methods: { GET: sessionInfo } },
  { path: '/v1/session/list', methods: { GET: sessionList } },
  { path: '/v1/session/node/', methods: { GET: nodeSessions } },
  { path: '/v1/catalog/nodes', methods: { GET: catalogNodes } },
  { path: '/v1/catalog/register', methods: { PUT: catalogRegister } },
  { path: '/v1/catalog/deregister', methods: { PUT: catalogDeregister } },
  { path: '/v1/health/node/', methods: { GET: healthOfNode } },
  { path: '/v1/health/state/', methods: { GET: healthInState } },
  { path: '/v1/agent/self', methods: { GET: agentSelf } },
  { path: '/v1/agent/members', methods: { GET: agentMembers } },
  { path: '/v1/status/leader', methods: { GET: statusLeader } },
  { path: '/v1/status/peers', methods: { GET: statusPeers } },
];

const methodNotAllowed = (method: string, allowed: readonly string[]): AgentAnswer => ({
  status: 405,
  headers: { Allow: ['OPTIONS', ...allowed].join(',') },
  body: { text: `method ${method} not allowed` },
});
