import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { HttpLimits } from '../../src/http/route-context.ts';
import { listen } from '../../src/http/listen.ts';
import { harness, type Harness } from './harness.ts';

interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function running(limits: Partial<HttpLimits> = {}): Promise<Harness & { url: string }> {
  const it = harness(limits);
  cleanups.push(() => it.app.close());
  return { ...it, url: await listen(it.app, { host: '127.0.0.1', port: 0 }) };
}

/** Reads messages one by one, comments as events named `comment`. */
async function* messages(url: string, headers: Record<string, string> = {}): AsyncGenerator<Message> {
  const abort = new AbortController();
  cleanups.push(() => abort.abort());
  const response = await fetch(url, { headers, signal: abort.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  let rest = '';
  for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (block.startsWith(':')) yield { id: undefined, event: 'comment', data: {} };
      const event = field('event');
      if (event !== undefined) yield { id: field('id'), event, data: JSON.parse(field('data') ?? '{}') };
    }
  }
}

async function next(stream: AsyncGenerator<Message>, wanted: string): Promise<Message> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error(`the stream ended before a ${wanted}`);
    if (value.event === wanted) return value;
  }
}

test('a stream of records begins where it is asked to and goes on live', async () => {
  const { url, inspector } = await running();
  const stream = messages(`${url}/v1/events/stream?from=15`);
  expect((await next(stream, 'record')).id).toBe('15');
  expect((await next(stream, 'record')).data).toMatchObject({ seq: 16 });
  inspector.change('00001', 1, { epoch: 9 }, 'lock.lost');
  expect(await next(stream, 'record')).toMatchObject({ id: '17', data: { event: { type: 'lock.lost' } } });
});

test('a client that comes back gets what it missed, each record once', async () => {
  const { url, inspector } = await running();
  const stream = messages(`${url}/v1/events/stream?from=1`, { 'last-event-id': '14' });
  const ids = [await next(stream, 'record'), await next(stream, 'record')].map(({ id }) => id);
  inspector.change('00002', 1, {}, 'a.b');
  ids.push((await next(stream, 'record')).id);
  expect(ids).toEqual(['15', '16', '17']);
});

test('a stream can be narrowed to one actor', async () => {
  const { url, inspector } = await running();
  const stream = messages(`${url}/v1/events/stream?actor=path/00002/1&from=1`);
  expect((await next(stream, 'record')).id).toBe('5');
  inspector.change('00001', 1, {}, 'other.actor');
  inspector.change('00002', 1, {}, 'this.actor');
  expect((await next(stream, 'record')).data).toMatchObject({ actor: 'path/00002/1', event: { type: 'this.actor' } });
});

test('a Last-Event-ID that is none is refused', async () => {
  const { url } = await running();
  const answer = await fetch(`${url}/v1/events/stream`, { headers: { 'last-event-id': 'soon' } });
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'REQUEST_INVALID' }]);
});

test('the board comes at once, after each change, and many changes together', async () => {
  const { url, inspector } = await running({ boardMs: 50 });
  const stream = messages(`${url}/v1/stream`);
  expect((await next(stream, 'board')).data).toMatchObject({
    cluster: { node: 'n1', index: 4711 },
    health: { ready: true },
  });
  for (let count = 0; count < 20; count += 1) inspector.change('00001', 1, { epoch: 100 + count });
  expect((await next(stream, 'board')).data).toMatchObject({ cluster: { index: 4731 } });
  inspector.trouble = 'Consul does not answer';
  expect((await next(stream, 'pulse')).data).toMatchObject({ trouble: 'Consul does not answer' });
});

test('a stream that cannot read the past ends, so that the client asks again', async () => {
  const { url, inspector, logged } = await running();
  inspector.failReads = new Error('the journal is gone');
  const stream = messages(`${url}/v1/events/stream?from=1`);
  await expect(next(stream, 'record')).rejects.toThrow('the stream ended');
  expect(logged.find(({ msg }) => msg === 'live stream could not catch up')).toMatchObject({ level: 50 });
  expect(inspector.listeners).toBe(0);
});

test('a board that cannot be made is said in the log and stops nothing', async () => {
  const { url, inspector, logged } = await running({ boardMs: 10 });
  const stream = messages(`${url}/v1/stream`);
  await next(stream, 'board');
  inspector.failWith = new Error('half made');
  inspector.tell();
  await next(stream, 'pulse');
  expect(logged.find(({ msg }) => msg === 'live board could not be made')).toMatchObject({ level: 50 });
  inspector.failWith = null;
  inspector.tell();
  expect((await next(stream, 'board')).data).toMatchObject({ cluster: { node: 'n1' } });
});

test('a HEAD request does not open a stream', async () => {
  const { url, inspector } = await running();
  expect((await fetch(`${url}/v1/stream`, { method: 'HEAD' })).status).toBe(404);
  expect(inspector.listeners).toBe(0);
});

test('a silent stream says that it is alive', async () => {
  const { url } = await running({ heartbeatMs: 20 });
  const stream = messages(`${url}/v1/events/stream`);
  expect((await next(stream, 'comment')).event).toBe('comment');
});

test('a client that does not read is dropped, and the log says so', async () => {
  const it = await running({ streamBacklogBytes: 20_000 });
  const { port } = new URL(it.url);
  const socket = connect(Number(port), '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.write(`GET /v1/events/stream HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  await once(socket, 'readable');
  while (it.inspector.listeners > 0) {
    for (let count = 0; count < 500; count += 1) it.inspector.change('00001', 1, {}, 'x'.repeat(1000));
    await new Promise(setImmediate);
  }
  const line = it.logged.find(({ msg }) => msg === 'live stream dropped: the client reads too slowly');
  expect(line).toMatchObject({ url: '/v1/events/stream', level: 40 });
});

test('more streams than allowed are refused with the name of the limit', async () => {
  const { url } = await running({ streams: 1 });
  const stream = messages(`${url}/v1/stream`);
  await next(stream, 'board');
  const answer = await fetch(`${url}/v1/stream`);
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    { code: 'LIMIT_EXCEEDED', facts: { limit: 'streams' } },
  ]);
});

test('closing the app ends its streams and stops listening to the daemon', async () => {
  const it = await running();
  const board = messages(`${it.url}/v1/stream`);
  const records = messages(`${it.url}/v1/events/stream?from=1`);
  await next(board, 'board');
  await next(records, 'record');
  await it.app.close();
  expect(it.inspector.listeners).toBe(0);
});
