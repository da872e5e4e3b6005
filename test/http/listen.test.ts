import { createServer } from 'node:http';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../../src/http/listen.ts';
import { refusedHost } from '../../src/http/security.ts';
import { harness } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function app() {
  const it = harness();
  cleanups.push(() => it.app.close());
  return it.app;
}

function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => resolve(answer.resume().statusCode)).on('error', reject).end();
  });
}

test('a port that another node holds is reported with that node', async () => {
  const port = Number(new URL(await listen(app(), { host: '127.0.0.1', port: 0 })).port);
  await expect(listen(app(), { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    facts: { host: '127.0.0.1', port, node: 'n1' },
    message: expect.stringContaining('the pathwarden of node "n1"'),
  });
});

test('a port that something else holds is reported as such', async () => {
  const other = createServer((_request, answer) => answer.end('hello')).listen(0, '127.0.0.1');
  cleanups.push(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(listen(app(), { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    facts: { node: null },
  });
});

test('an address that this machine does not have is a mistake in the configuration', async () => {
  await expect(listen(app(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('bound to loopback, only loopback names are answered', async () => {
  const url = await listen(app(), { host: '127.0.0.1', port: 0 });
  const { port } = new URL(url);
  expect(await statusWithHost(`${url}/v1/cluster`, `localhost:${port}`)).toBe(200);
  expect(await statusWithHost(`${url}/v1/cluster`, 'localhost:9999')).toBe(200);
  expect(await statusWithHost(`${url}/v1/cluster`, `evil.example:${port}`)).toBe(400);
  expect(await statusWithHost(`${url}/v1/cluster`, `localhost.evil.example:${port}`)).toBe(400);
});

test('the Host rule knows IPv6 and leaves other binds alone', () => {
  expect(refusedHost('::1', '[::1]:7400')).toBeNull();
  expect(refusedHost('::1', undefined)).toMatchObject({ code: 'REQUEST_INVALID' });
  expect(refusedHost('127.0.0.1', '127.evil.example')).toMatchObject({ code: 'REQUEST_INVALID' });
  expect(refusedHost('10.0.0.1', 'gateway-1:7400')).toBeNull();
});

test('every answer carries headers that keep foreign pages out', async () => {
  const answer = await app().inject('/v1/cluster');
  expect(answer.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cache-control': 'no-store',
  });
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});
