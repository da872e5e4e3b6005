// The Consul API over a store in this process: same routes and answers as the embedded agent, no sockets.
import type { ConsulApi, ConsulReply, RequestOptions } from './api.ts';
import { handleRequest } from './embedded/agent.ts';
import type { AgentAnswer } from './embedded/request.ts';
import type { Store } from './embedded/store.ts';

export function memoryApi(store: Store): ConsulApi {
  const send = <Body>(
    method: string,
    path: string,
    options: RequestOptions,
    more: { query?: Record<string, string>; body?: unknown } = {},
  ): Promise<ConsulReply<Body>> => request<Body>(store, method, path, options, more);
  return {
    kvGet: (key, options) => send('GET', `/v1/kv/${key}`, options, { query: { consistent: '' } }),
    kvList: (prefix, query, options) =>
      send('GET', `/v1/kv/${prefix}`, options, {
        query:
          'consistent' in query
            ? { recurse: '', consistent: '' }
            : { recurse: '', index: String(query.index), wait: `${query.waitMs}ms` },
      }),
    txn: (operations, options) =>
      send('PUT', '/v1/txn', options, { body: operations.map((operation) => ({ KV: operation })) }),
    sessionCreate: ({ name, ttl, lockDelay, nodeHealth, node }, options) =>
      send('PUT', '/v1/session/create', options, {
        body: {
          Name: name,
          TTL: ttl,
          LockDelay: lockDelay,
          Behavior: 'release',
          ...(nodeHealth ? {} : { Checks: [] }),
          ...(node === undefined ? {} : { Node: node }),
        },
      }),
    sessionRenew: (session, options) => send('PUT', `/v1/session/renew/${session}`, options),
    sessionDestroy: (session, options) => send('PUT', `/v1/session/destroy/${session}`, options),
    sessionInfo: (session, options) => send('GET', `/v1/session/info/${session}`, options),
    agentSelf: (options) => send('GET', '/v1/agent/self', options),
    statusLeader: (options) => send('GET', '/v1/status/leader', options),
    close: () => {},
  };
}

async function request<Body>(
  store: Store,
  method: string,
  path: string,
  options: RequestOptions,
  more: { query?: Record<string, string>; body?: unknown },
): Promise<ConsulReply<Body>> {
  if (options.signal?.aborted === true) return { kind: 'silence', reason: 'the request was called off' };
  const ended = new AbortController();
  const body = Buffer.from(more.body === undefined ? '' : JSON.stringify(more.body));
  const answered = handleRequest(store, {
    method,
    path,
    query: new URLSearchParams(more.query),
    body,
    signal: ended.signal,
  }).then((answer): ConsulReply<Body> => toReply(answer));
  const { promise: cutOff, resolve: cut } = Promise.withResolvers<ConsulReply<Body>>();
  const callOff = (): void => cut({ kind: 'silence', reason: 'the request was called off' });
  const cancelDeadline = store.clock.after(options.deadlineMs, () =>
    cut({ kind: 'silence', reason: `no answer within ${options.deadlineMs} ms` }),
  );
  options.signal?.addEventListener('abort', callOff, { once: true });
  try {
    return await Promise.race([answered, cutOff]);
  } finally {
    cancelDeadline();
    options.signal?.removeEventListener('abort', callOff);
    ended.abort();
  }
}

const toReply = <Body>({ status, headers = {}, body }: AgentAnswer): ConsulReply<Body> => ({
  kind: 'answer',
  status,
  index: Number(headers['X-Consul-Index'] ?? 0),
  knownLeader: true,
  filtered: false,
  // A copy through JSON, so that nobody shares objects with the store.
  body: body !== undefined && 'json' in body ? (JSON.parse(JSON.stringify(body.json), decodeValue) as Body) : null,
  text: body !== undefined && 'text' in body ? body.text : '',
});

const decodeValue = (name: string, value: unknown): unknown =>
  name === 'Value' && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value;
