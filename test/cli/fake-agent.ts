// A small HTTP server that answers as an agent does, from a script, and remembers what it was told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterSummary, DiskSummary, PathSummary } from '../../src/ports/inspector.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';

export const token = 'let-me-in';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Posted {
  readonly actor: string;
  readonly authorization: string | undefined;
  readonly event: Readonly<Record<string, unknown>>;
}

export class FakeAgent {
  cluster: ClusterSummary = emptyCluster;
  events: readonly JournalRecord[] = [];
  streamed: readonly JournalRecord[] = [];
  /** Answers by path; what is not here is 404. */
  readonly answers = new Map<string, Answer>();
  readonly requests: string[] = [];
  readonly posted: Posted[] = [];
  /** Answers a post; by default it is accepted and has no answers. */
  onPost: (posted: Posted) => Answer = () => accepted();
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response);
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://agent');
    this.requests.push(`${String(request.method)} ${url.pathname}${url.search}`);
    if (url.pathname === '/v1/events/stream') {
      stream(response, this.streamed, Number(url.searchParams.get('from')));
      return;
    }
    const { status, body } = request.method === 'POST' ? await this.#take(request, url.pathname) : this.#answer(url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #answer(url: URL): Answer {
    if (url.pathname === '/v1/cluster') return { status: 200, body: this.cluster };
    if (url.pathname === '/v1/events') return { status: 200, body: this.events.toReversed() };
    const missing = { code: 'NOT_FOUND', message: `There is nothing at ${url.pathname}`, facts: {} };
    return this.answers.get(url.pathname) ?? { status: 404, body: missing };
  }

  async #take(request: IncomingMessage, path: string): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { authorization } = request.headers;
    const actor = path.replace(/^\/v1\/actors\//, '').replace(/\/events$/, '');
    const posted = { actor, authorization, event: JSON.parse(Buffer.concat(chunks).toString()) as Posted['event'] };
    this.posted.push(posted);
    if (authorization === `Bearer ${token}`) return this.onPost(posted);
    return { status: 401, body: { code: 'NOT_AUTHORISED', message: 'The operator token is wrong.', facts: {} } };
  }
}

function stream(response: ServerResponse, records: readonly JournalRecord[], from: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n: still here\n\n');
  for (const record of records) {
    const data = JSON.stringify(record);
    if (record.seq >= from) response.write(`id: ${String(record.seq)}\nevent: record\ndata: ${data}\n\n`);
  }
  response.end();
}

export const accepted = (answers: readonly { readonly type: string; readonly reason?: string }[] = []): Answer => ({
  status: 202,
  body: { accepted: true, seq: 7, state: 'here', intents: ['7.0'], answers },
});

const emptyCluster: ClusterSummary = {
  node: 'gw1',
  index: 12,
  ageMs: 40,
  trouble: null,
  maintenance: null,
  nodes: [],
  disks: [],
  exclusions: [],
  problems: [],
  replay: null,
};

export const aNode = (node: string, changes: Partial<ClusterSummary['nodes'][number]> = {}) => ({
  node,
  alive: true,
  draining: null,
  maintenance: null,
  leaving: false,
  inspector: '',
  version: '0.1.0',
  session: `s-${node}`,
  paths: 0,
  ...changes,
});

export const aPath = (disk: string, index: number, changes: Partial<PathSummary> = {}): PathSummary => ({
  disk,
  index,
  ip: `10.0.1.${String(100 + index)}`,
  owner: 'gw1',
  epoch: 3,
  pendingExclusion: null,
  local: { state: 'enabled', tags: ['serving', 'settled'] },
  waits: null,
  moving: null,
  ...changes,
});

export const aDisk = (disk: string, changes: Partial<DiskSummary> = {}): DiskSummary => ({
  disk,
  desired: 'started',
  status: 'started',
  iqn: `iqn.2026-01.io.pathwarden:${disk}`,
  wwn: '3000000000000001',
  backstore: { kind: 'memory' },
  access: { initiators: [] },
  paths: [aPath(disk, 1), aPath(disk, 2, { owner: 'gw2', local: null })],
  ...changes,
});

export function aCluster(changes: Partial<ClusterSummary> = {}): ClusterSummary {
  const nodes = [aNode('gw1', { paths: 1 }), aNode('gw2', { paths: 1 })];
  return { ...emptyCluster, nodes, disks: [aDisk('00001')], ...changes };
}
