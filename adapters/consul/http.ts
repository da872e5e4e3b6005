// The Consul API over HTTP. The npm package `consul` builds and parses single requests; deadlines, cancelling and
// connections are ours. Its watch and lock helpers are not used: the first spins, the second renews nothing.
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Consul from 'consul';
import type { ConsulApi, ConsulReply, RequestOptions } from './api.ts';
import { failOnCutAnswers } from './cut-answers.ts';
import { type ListContext, spareKnownAnswers } from './known-answers.ts';

export interface HttpApiOptions {
  /** `http://127.0.0.1:8500`; https with `tls`. */
  readonly url: string;
  /** ACL token. It is sent in a header and shows up nowhere else. */
  readonly token?: string;
  readonly datacenter?: string;
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string };
  /** Connections for everything but the watch and the session. Consul allows 200 per client address. Default 48. */
  readonly connectionsMax?: number;
}

/** What we use of the package; its own types leave out `ctx`, `timeout`, `index` and the response. */
interface Client {
  readonly kv: { get(options: object): Promise<Answered> };
  readonly transaction: { create(operations: readonly object[], options: object): Promise<Answered> };
  readonly session: Record<'create' | 'renew' | 'destroy' | 'info', (options: object) => Promise<Answered>>;
  readonly agent: { self(options: object): Promise<Answered> };
  readonly status: { leader(options: object): Promise<Answered> };
  destroy(): void;
}

type Response = IncomingMessage & { readonly body?: unknown };
type Answered = readonly [Response, ...unknown[]];
type Call = (papi: object) => Promise<Answered>;

export function httpApi(options: HttpApiOptions): ConsulApi {
  // Watch and session have connections of their own, so that a burst of lock requests never delays a renewal.
  const steady = client(options, 16);
  const burst = client(options, options.connectionsMax ?? 48);
  const send = <Body>(call: Call, more: RequestOptions, ctx = new Context()): Promise<ConsulReply<Body>> =>
    request<Body>(call, more, options.token, ctx);
  return {
    kvGet: (key, more) => send((papi) => burst.kv.get({ key, consistent: true, ...papi }), more),
    kvList: (prefix, query, more) => {
      const how = 'consistent' in query ? query : { index: String(query.index), wait: `${query.waitMs}ms` };
      const ctx = new ContextOfList('known' in query ? (query.known ?? null) : null);
      return send((papi) => steady.kv.get({ key: prefix, recurse: true, ...how, ...papi }), more, ctx);
    },
    txn: (operations, more) =>
      send((papi) => burst.transaction.create(operations.map((operation) => ({ KV: operation })), papi), more),
    sessionCreate: ({ name, ttl, lockDelay, nodeHealth, node }, more) => {
      const checks = nodeHealth ? {} : { checks: [] };
      const where = node === undefined ? {} : { node };
      const spec = { name, ttl, lockdelay: lockDelay, behavior: 'release', ...checks, ...where };
      return send((papi) => steady.session.create({ ...spec, ...papi }), more);
    },
    sessionRenew: (id, more) => send((papi) => steady.session.renew({ id, ...papi }), more),
    sessionDestroy: (id, more) => send((papi) => steady.session.destroy({ id, ...papi }), more),
    sessionInfo: (id, more) => send((papi) => burst.session.info({ id, ...papi }), more),
    agentSelf: (more) => send((papi) => steady.agent.self(papi), more),
    statusLeader: (more) => send((papi) => steady.status.leader(papi), more),
    close() {
      steady.destroy();
      burst.destroy();
    },
  };
}

function client({ url, token, datacenter, tls }: HttpApiOptions, maxSockets: number): Client {
  const { protocol, origin, pathname } = new URL(url);
  const Agent = protocol === 'https:' ? HttpsAgent : HttpAgent;
  const base = `${origin}${pathname.replace(/\/+$/, '')}/v1`;
  const settings = {
    ...tls,
    baseUrl: base,
    agent: new Agent({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets }),
    defaults: { ...(token === undefined ? {} : { token }), ...(datacenter === undefined ? {} : { dc: datacenter }) },
  };
  const consul: unknown = new Consul(settings);
  failOnCutAnswers(consul);
  spareKnownAnswers(consul);
  return consul as Client;
}

// The package takes a context: `cancel` on it aborts the request, and `includeResponse` gives us status and headers.
class Context extends EventEmitter {
  readonly includeResponse = true;
  digest?: string;
}

class ContextOfList extends Context implements ListContext {
  readonly known: string | null;

  constructor(known: string | null) {
    super();
    this.known = known;
  }
}

async function request<Body>(
  call: Call,
  { deadlineMs, signal }: RequestOptions,
  token: string | undefined,
  ctx: Context,
): Promise<ConsulReply<Body>> {
  if (signal?.aborted === true) return { kind: 'silence', reason: 'the request was called off' };
  const cancel = (): void => {
    ctx.emit('cancel');
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const [response] = await call({ ctx, timeout: Math.max(1, Math.ceil(deadlineMs)) });
    return toReply<Body>(response, token, ctx);
  } catch (error) {
    const response = responseIn(error);
    if (response !== null) return toReply<Body>(response, token, ctx);
    return { kind: 'silence', reason: silenceReason(error, deadlineMs) };
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function toReply<Body>(response: Response, token: string | undefined, { digest }: Context): ConsulReply<Body> {
  const { headers, statusCode: status = 0, body } = response;
  const line = typeof body === 'string' && status >= 400 ? (body.split('\n')[0] ?? '').slice(0, 300) : '';
  const isData = status < 300 || status === 409;
  return {
    kind: 'answer',
    status,
    index: Number(headers['x-consul-index'] ?? 0),
    knownLeader: headers['x-consul-knownleader'] !== 'false',
    filtered: headers['x-consul-results-filtered-by-acls'] === 'true',
    body: isData && body !== undefined ? (body as Body) : null,
    ...(digest === undefined ? {} : { digest }),
    text: token === undefined || token === '' ? line : line.replaceAll(token, '[token]'),
    date: headers.date,
  };
}

function responseIn(error: unknown): Response | null {
  if (!(error instanceof Error) || !('isResponse' in error) || !('response' in error)) return null;
  return error.response as Response;
}

function silenceReason(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return 'the request failed';
  if ('isTimeout' in error) return `no answer within ${Math.ceil(deadlineMs)} ms`;
  if ('isAbort' in error) return 'the request was called off';
  if ('isCodec' in error) return 'the answer is not JSON';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code === null ? 'the connection failed' : `the connection failed: ${code}`;
}
