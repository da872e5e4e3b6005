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
  const body = Buffer.from(more.body === undefined ? '' : JSON.stringify(more.body));
  const asked = { method, path, query: new URLSearchParams(more.query), body };
  // Only a blocking query takes time, and may still be there when nobody waits for it any more.
  if (more.query?.['index'] === undefined) return toReply(await handleRequest(store, asked));
  const ended = new AbortController();
  const answered = handleRequest(store, { ...asked, signal: ended.signal })
    .then((answer): ConsulReply<Body> => toReply(answer));
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
    // With a reason of its own: making the usual one is dear.
    ended.abort('over');
  }
}

const toReply = <Body>({ status, headers = {}, body }: AgentAnswer): ConsulReply<Body> => ({
  kind: 'answer',
  status,
  index: Number(headers['X-Consul-Index'] ?? 0),
  knownLeader: true,
  filtered: false,
  // A copy, so that nobody shares objects with the store.
  body: body !== undefined && 'json' in body ? (copyOf(body.json) as Body) : null,
  text: body !== undefined && 'text' in body ? body.text : '',
});

/** As through JSON, with the values of keys decoded. */
function copyOf(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'Value' ? Buffer.from(value, 'base64').toString('utf8') : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(item));
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = copyOf(Reflect.get(value, key), key);
  return copy;
}
