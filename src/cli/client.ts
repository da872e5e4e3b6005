// HTTP to one agent. Every failure becomes a PathwardenError that says what to do.
import { readFile } from 'node:fs/promises';
import { errorCodes, type ErrorCode, PathwardenError } from '../errors.ts';
import type {
  ActorView, ClusterSummary, Explanation, JournalCompaction, MachineInfo, PostResult,
} from '../ports/inspector.ts';
import type { TakeOver } from '../http/schemas.ts';
import type { JournalInfo, JournalRecord } from '../ports/journal.ts';
import { readStream } from './stream.ts';

export interface Connection {
  /** `http://host:port` */
  readonly url: string;
  /** File with the operator token; read only when something is to be changed. */
  readonly tokenFile: string;
  /** Time for one answer. */
  readonly deadlineMs: number;
  /** Fires when the caller has lost interest. */
  readonly signal?: AbortSignal;
}

interface OperatorEvent {
  readonly type: string;
  readonly by: string;
  readonly reason: string;
  readonly waitMs: number;
  readonly [field: string]: unknown;
}

export interface Client {
  readonly url: string;
  cluster(): Promise<ClusterSummary>;
  actor(id: string): Promise<ActorView>;
  /** Now, or as of a wall clock millisecond. */
  explain(id: string, at?: number): Promise<Explanation>;
  timeline(id: string): Promise<TakeOver>;
  events(query: { actor?: string; limit: number }): Promise<readonly JournalRecord[]>;
  /** Calls back with each record from seq `from` on, until the signal fires or the agent ends it. */
  follow(
    query: { actor?: string; from: number },
    onRecord: (record: JournalRecord) => void,
    signal: AbortSignal,
  ): Promise<void>;
  journal(): Promise<JournalInfo>;
  compactJournal(body: { by: string; keepDays?: number; maxMegabytes?: number }): Promise<JournalCompaction>;
  machines(): Promise<readonly string[]>;
  machine(name: string): Promise<MachineInfo>;
  /** Tells an actor an operator event. A state that does not take it is an answer, not an error. */
  post(actor: string, event: OperatorEvent): Promise<PostResult>;
}

export function createClient(connection: Connection): Client {
  const get = async <T>(path: string): Promise<T> => (await answer(connection, path)).json() as Promise<T>;
  return {
    url: connection.url,
    cluster: () => get('/v1/cluster'),
    actor: (id) => get(`/v1/actors/${pathOf(id)}`),
    explain: (id, at) => get(`/v1/actors/${pathOf(id)}/explain${at === undefined ? '' : `?at=${String(at)}`}`),
    timeline: (id) => get(`/v1/actors/${pathOf(id)}/timeline`),
    events: (query) => get(`/v1/events?${queryOf({ ...query, newest: true })}`),
    follow: async (query, onRecord, signal) => {
      const path = `/v1/events/stream?${queryOf(query)}`;
      const response = await request(connection, path, { signal, headers: { accept: 'text/event-stream' } });
      if (!response.ok) throw await errorOf(response, connection);
      await readStream(response, (data) => {
        onRecord(JSON.parse(data) as JournalRecord);
      });
    },
    journal: () => get('/v1/journal'),
    compactJournal: async (body) => {
      const response = await post(connection, '/v1/journal/compact', body, connection.deadlineMs);
      if (!response.ok) throw await errorOf(response, connection);
      return response.json() as Promise<JournalCompaction>;
    },
    machines: () => get('/v1/machines'),
    machine: (name) => get(`/v1/machines/${encodeURIComponent(name)}`),
    post: async (actor, event) => {
      const response = await postEvent(connection, actor, event);
      return response.json() as Promise<PostResult>;
    },
  };
}

/** Actor ids have slashes that stay as they are. */
const pathOf = (id: string): string => id.split('/').map(encodeURIComponent).join('/');

const queryOf = (query: Readonly<Record<string, string | number | boolean>>): string =>
  new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();

async function answer(connection: Connection, path: string): Promise<Response> {
  const response = await request(connection, path, { signal: within(connection, connection.deadlineMs) });
  if (!response.ok) throw await errorOf(response, connection);
  return response;
}

async function postEvent(connection: Connection, actor: string, event: OperatorEvent): Promise<Response> {
  const deadlineMs = connection.deadlineMs + event.waitMs;
  const response = await post(connection, `/v1/actors/${pathOf(actor)}/events`, event, deadlineMs);
  if (!response.ok && response.status !== 409) throw await errorOf(response, connection);
  return response;
}

async function post(connection: Connection, path: string, body: object, deadlineMs: number): Promise<Response> {
  const token = await readToken(connection.tokenFile);
  return request(connection, path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: within(connection, deadlineMs),
  });
}

function within(connection: Connection, deadlineMs: number): AbortSignal {
  const deadline = AbortSignal.timeout(deadlineMs);
  return connection.signal === undefined ? deadline : AbortSignal.any([deadline, connection.signal]);
}

async function request(connection: Connection, path: string, init: RequestInit): Promise<Response> {
  return await fetch(`${connection.url}${path}`, { ...init, redirect: 'error' }).catch((error: unknown) => {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const why = timedOut ? 'does not answer in time' : 'cannot be reached';
    const advice = 'look at `systemctl status pathwarden` there, or name another with --url';
    const message = `The agent at ${connection.url} ${why}: ${advice}`;
    throw new PathwardenError('AGENT_UNREACHABLE', message, { url: connection.url }, { cause: error });
  });
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new PathwardenError(
      'NOT_AUTHORISED',
      `The operator token in ${file} cannot be read: run this as root, or name a copy with --token-file`,
      { file },
      { cause: error },
    );
  });
  return text.trim();
}

async function errorOf(response: Response, connection: Connection): Promise<PathwardenError> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'code' in body && isErrorCode(body.code)) {
    const facts = 'facts' in body && typeof body.facts === 'object' && body.facts !== null ? body.facts : {};
    const message = 'message' in body && typeof body.message === 'string' ? body.message : body.code;
    return new PathwardenError(body.code, message, facts as Record<string, unknown>);
  }
  const text = `${connection.url} answered ${String(response.status)} and not as a pathwarden agent does: check --url`;
  return new PathwardenError('AGENT_UNREACHABLE', text, { url: connection.url, status: response.status });
}

const isErrorCode = (code: unknown): code is ErrorCode => (errorCodes as readonly unknown[]).includes(code);
