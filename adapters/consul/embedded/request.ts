// What goes in and out of the embedded agent, whether it came over HTTP or from the same process.
import { parseDuration } from './duration.ts';
import { AgentError } from './errors.ts';
import type { Store } from './store.ts';

export interface AgentRequest {
  readonly method: string;
  /** Decoded, from `/v1/` on. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Fires when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

export interface AgentAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly json: unknown } | { readonly text: string } | { readonly raw: Buffer };
}

export type Handler = (store: Store, request: AgentRequest, rest: string) => AgentAnswer | Promise<AgentAnswer>;

export const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): AgentAnswer => ({
  status: 200,
  headers,
  body: { json: value },
});

export const text = (status: number, line: string): AgentAnswer => ({ status, body: { text: line } });

export const readHeaders = (index: number): Record<string, string> => ({
  'X-Consul-Index': String(Math.max(1, index)),
  'X-Consul-Knownleader': 'true',
  'X-Consul-Lastcontact': '0',
});

export function parseJson(body: Buffer, what: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AgentError(400, `${what}: ${error instanceof Error ? error.message : 'no JSON'}`);
  }
}

const defaultWaitMs = 5 * 60_000;
const longestWaitMs = 10 * 60_000;

/** Waits while the index is not above the one asked for, then returns it. Stale and consistent are the same here. */
export async function awaitIndex(store: Store, request: AgentRequest, indexNow: () => number): Promise<number> {
  const { query, signal } = request;
  if (query.has('stale') && query.has('consistent')) {
    throw new AgentError(400, 'Cannot specify ?stale with ?consistent, conflicting semantics.');
  }
  const askedIndex = numberIn(query, 'index', 'Invalid index');
  const endMs = store.clock.monotonicMs() + waitIn(query);
  for (;;) {
    const index = indexNow();
    const leftMs = endMs - store.clock.monotonicMs();
    if (askedIndex === 0 || index > askedIndex || leftMs <= 0 || signal?.aborted === true) return index;
    await nextChange(store, leftMs, signal);
  }
}

function waitIn(query: URLSearchParams): number {
  const value = query.get('wait');
  if (value === null || value === '') return defaultWaitMs;
  const ms = parseDuration(value);
  if (ms === null) throw new AgentError(400, 'Invalid wait time');
  return ms === 0 ? defaultWaitMs : Math.min(ms, longestWaitMs);
}

/** 0 without the parameter. */
export function numberIn(query: URLSearchParams, name: string, refusal: string): number {
  const value = query.get(name) ?? '';
  if (value === '') return 0;
  if (!/^\d+$/.test(value)) throw new AgentError(400, refusal);
  return Number(value);
}

const nextChange = (store: Store, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      cancelTimer();
      cancelWait();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancelTimer = store.clock.after(ms, finish);
    const cancelWait = store.onNextChange(finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
