// The embedded agent over HTTP: for `npm start`, where several daemons on one machine share it, and for tests.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PathwardenError } from '../../../src/errors.ts';
import { handleRequest } from './agent.ts';
import type { StoreOptions } from './options.ts';
import type { AgentAnswer } from './request.ts';
import type { Store } from './store.ts';
import { openStore } from './store.ts';

export interface EmbeddedConsulOptions extends StoreOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface EmbeddedConsul {
  readonly url: string;
  readonly port: number;
  /** For tests that let a node fail. */
  readonly store: Store;
  stop(): Promise<void>;
}

// Longer than our clients keep an idle connection, so that none is closed under a request.
const keepAliveMs = 120_000;
// The largest value plus room for a transaction around it.
const requestBytesMax = 4 * 1024 * 1024;

/** Starts a Consul-compatible agent in this process. Nothing is kept on disk. Throws PORT_IN_USE. */
export async function startEmbeddedConsul(options: EmbeddedConsulOptions): Promise<EmbeddedConsul> {
  const { host = '127.0.0.1', port = 0 } = options;
  const store = openStore(options);
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (request, response) => {
    answer(store, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error('the embedded agent failed'));
    });
  });
  await listen(server, host, port);
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    store,
    async stop() {
      store.close();
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `The embedded Consul agent cannot listen on ${host}:${port} (${cause.code ?? 'unknown error'}).`;
      reject(new PathwardenError('PORT_IN_USE', message, { host, port }, { cause }));
    });
    server.listen(port, host, resolve);
  });

async function answer(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const body = await bodyOf(request);
  if (body === null) return send(response, { status: 413, body: { text: 'Request body too large' } });
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent');
  const path = decodePath(pathname);
  if (path === null) return send(response, { status: 400, body: { text: 'Invalid path' } });
  const method = request.method ?? 'GET';
  send(response, await handleRequest(store, { method, path, query: searchParams, body, signal: gone.signal }));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > requestBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodePath(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: AgentAnswer): void {
  if (response.destroyed) return;
  const [type, bytes] = encoded(body);
  response.writeHead(status, {
    ...headers,
    ...(type === '' ? {} : { 'Content-Type': type }),
    Vary: 'Accept-Encoding',
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

function encoded(body: AgentAnswer['body']): [string, Buffer] {
  if (body === undefined) return ['', Buffer.alloc(0)];
  if ('json' in body) return ['application/json', Buffer.from(JSON.stringify(body.json))];
  if ('text' in body) return ['text/plain; charset=utf-8', Buffer.from(body.text)];
  return ['text/plain', body.raw];
}
