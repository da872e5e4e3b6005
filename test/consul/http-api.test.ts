// The HTTP body against a server that misbehaves on purpose.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ConsulApi } from '../../adapters/consul/api.ts';
import { httpApi } from '../../adapters/consul/http.ts';

const token = 'c0ffee00-secret';
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<ConsulApi> {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api = httpApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token, datacenter: 'dc7' });
  stops.push(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });
  return api;
}

const json = (response: ServerResponse, body: unknown): void => {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
};

test('sends the token as a header only, and the datacenter with every request', async () => {
  const seen: string[] = [];
  const api = await serve((request, response) => {
    seen.push(`${request.method} ${request.url} ${String(request.headers['x-consul-token'])}`);
    json(response, []);
  });
  await api.kvList('p/', { index: 7, waitMs: 5000 }, { deadlineMs: 1000 });
  await api.kvList('p/', { consistent: true }, { deadlineMs: 1000 });
  await api.kvGet('p/a b', { deadlineMs: 1000 });
  await api.txn([{ Verb: 'set', Key: 'a' }], { deadlineMs: 1000 });
  const spec = { name: 'n', ttl: '10s', lockDelay: '0s', nodeHealth: true };
  await api.sessionCreate(spec, { deadlineMs: 1000 });
  await api.sessionRenew('id', { deadlineMs: 1000 });
  expect(seen).toEqual([
    `GET /v1/kv/p%2F?recurse=true&dc=dc7&index=7&wait=5000ms ${token}`,
    `GET /v1/kv/p%2F?recurse=true&dc=dc7&consistent=1 ${token}`,
    `GET /v1/kv/p%2Fa%20b?dc=dc7&consistent=1 ${token}`,
    `PUT /v1/txn?dc=dc7 ${token}`,
    `PUT /v1/session/create?dc=dc7 ${token}`,
    `PUT /v1/session/renew/id?dc=dc7 ${token}`,
  ]);
});

test('never repeats the token, even when the answer does', async () => {
  const api = await serve((_request, response) => {
    response.writeHead(403, { 'Content-Type': 'text/plain' });
    response.end(`Permission denied for ${token}\nmore`);
  });
  const reply = await api.kvGet('a', { deadlineMs: 1000 });
  expect(reply).toMatchObject({ kind: 'answer', status: 403, text: 'Permission denied for [token]', body: null });
});

test('gives up at the deadline', async () => {
  const api = await serve(() => {});
  const reply = await api.kvGet('a', { deadlineMs: 30 });
  expect(reply).toEqual({ kind: 'silence', reason: 'no answer within 30 ms' });
});

test('gives up at once when it is called off, and closes the request', async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const api = await serve((request) => {
    arrive();
    request.once('close', close);
  });
  const calling = new AbortController();
  const reply = api.kvList('p/', { index: 1, waitMs: 600_000 }, { deadlineMs: 700_000, signal: calling.signal });
  await arrived;
  calling.abort();
  expect(await reply).toEqual({ kind: 'silence', reason: 'the request was called off' });
  await closed;
});

test.each([
  [
    'before its status',
    (response: ServerResponse): void => {
      response.socket?.destroy();
    },
  ],
  [
    'inside its body',
    (response: ServerResponse): void => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      response.write('[');
      setImmediate(() => response.socket?.destroy());
    },
  ],
])('notices at once that an answer was cut %s', async (_where, cut) => {
  const api = await serve((_request, response) => cut(response));
  const reply = await api.kvList('p/', { consistent: true }, { deadlineMs: 600_000 });
  const reason = expect.stringMatching(/^the connection failed: E/) as unknown;
  expect(reply).toMatchObject({ kind: 'silence', reason });
});

test('takes an answer that is not JSON for no answer', async () => {
  const api = await serve((_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end('<html>');
  });
  const silence = { kind: 'silence', reason: 'the answer is not JSON' };
  expect(await api.agentSelf({ deadlineMs: 1000 })).toEqual(silence);
  expect(await api.kvList('p/', { consistent: true }, { deadlineMs: 1000 })).toEqual(silence);
});

test('does not read a list again that the caller has already, and reads the next one', async () => {
  let value = 'x';
  const api = await serve((_request, response) => {
    response.setHeader('X-Consul-Index', '7');
    json(response, [{ Key: 'p/a', Value: Buffer.from(value).toString('base64') }]);
  });
  const ask = async (known?: string) => {
    const reply = await api.kvList('p/', { index: 7, waitMs: 1, known }, { deadlineMs: 1000 });
    if (reply.kind !== 'answer') throw new Error(reply.reason);
    return reply;
  };
  const first = await ask();
  expect(first).toMatchObject({ index: 7, body: [{ Key: 'p/a', Value: 'x' }] });
  const again = await ask(first.digest);
  expect(again).toMatchObject({ index: 7, body: null });
  expect(again.digest).toBe(first.digest);
  value = 'y';
  expect(await ask(first.digest)).toMatchObject({ index: 7, body: [{ Key: 'p/a', Value: 'y' }] });
});

test('reads why a list is refused', async () => {
  const api = await serve((_request, response) => {
    response.writeHead(403, { 'Content-Type': 'text/plain' });
    response.end('Permission denied: token with AccessorID lacks permission');
  });
  const reply = await api.kvList('p/', { consistent: true }, { deadlineMs: 1000 });
  const text = expect.stringMatching(/^Permission denied/) as unknown;
  expect(reply).toMatchObject({ status: 403, body: null, text });
});

test('says which error a connection meets', async () => {
  const api = httpApi({ url: 'http://127.0.0.1:1' });
  expect(await api.statusLeader({ deadlineMs: 1000 })).toEqual({
    kind: 'silence',
    reason: 'the connection failed: ECONNREFUSED',
  });
});

test('reads index, leader and hidden keys from the headers', async () => {
  const api = await serve((_request, response) => {
    response.setHeader('X-Consul-Index', '42');
    response.setHeader('X-Consul-KnownLeader', 'false');
    response.setHeader('X-Consul-Results-Filtered-By-ACLs', 'true');
    json(response, [{ Key: 'p/a', Value: Buffer.from('ü').toString('base64') }]);
  });
  const reply = await api.kvList('p/', { consistent: true }, { deadlineMs: 1000 });
  expect(reply).toMatchObject({ index: 42, knownLeader: false, filtered: true, body: [{ Key: 'p/a', Value: 'ü' }] });
});

test('reuses its connections', async () => {
  const sockets = new Set<unknown>();
  const api = await serve((request, response) => {
    sockets.add(request.socket);
    json(response, { Results: [], Errors: null });
  });
  for (let turn = 0; turn < 20; turn += 1) await api.txn([{ Verb: 'set', Key: 'a' }], { deadlineMs: 1000 });
  expect(sockets.size).toBe(1);
});
