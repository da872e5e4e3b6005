import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PathwardenError } from '../../src/errors.ts';
import { harness, type Harness } from './harness.ts';

let it: Harness;
beforeEach(() => {
  it = harness();
});
afterEach(() => it.app.close());

const get = (url: string, headers: Record<string, string> = {}) => it.app.inject({ method: 'GET', url, headers });

describe('health', () => {
  test('is 200 while the daemon lives and takes part', async () => {
    expect((await get('/livez')).statusCode).toBe(200);
    expect((await get('/readyz')).json()).toEqual({ live: true, ready: true, reasons: [] });
  });

  test('is 503 with the reasons when it does not take part, and still alive', async () => {
    it.inspector.currentHealth = { live: true, ready: false, reasons: ['Consul does not answer'] };
    const answer = await get('/readyz');
    expect([answer.statusCode, answer.json().reasons]).toEqual([503, ['Consul does not answer']]);
    expect((await get('/livez')).statusCode).toBe(200);
  });

  test('tells a load balancer path by path whether this node serves', async () => {
    expect((await get('/v1/paths/00001/1/serving')).statusCode).toBe(200);
    const other = await get('/v1/paths/00001/2/serving');
    expect([other.statusCode, other.json()]).toEqual([503, { serving: false, node: 'n1', state: 'unlocked.waiting' }]);
    expect((await get('/v1/paths/00001/9/serving')).statusCode).toBe(404);
  });

  test('gives figures in the Prometheus text format, with labels and help escaped', async () => {
    const answer = await get('/metrics');
    expect(answer.headers['content-type']).toContain('version=0.0.4');
    expect(answer.body).toBe(
      [
        '# HELP pathwarden_paths_serving Paths served here',
        '# TYPE pathwarden_paths_serving gauge',
        'pathwarden_paths_serving 5',
        '# HELP pathwarden_commands_total Commands run\\nby kind',
        '# TYPE pathwarden_commands_total counter',
        'pathwarden_commands_total{kind="say \\"hi\\"\\\\"} 12',
        'pathwarden_commands_total{kind="lock"} +Inf',
        '',
      ].join('\n'),
    );
  });
});

describe('actors', () => {
  test('are listed, and can be chosen by the beginning of their id and by tag', async () => {
    expect((await get('/v1/actors')).json()).toHaveLength(17);
    const found = (await get('/v1/actors?prefix=path/00003/&tag=needsOperator')).json();
    expect(found.map((each: { id: string }) => each.id)).toEqual(['path/00003/1']);
  });

  test('are found by their id with its slashes, plain or encoded', async () => {
    expect((await get('/v1/actors/path/00001/1')).json()).toMatchObject({ id: 'path/00001/1', state: 'enabled' });
    expect((await get('/v1/actors/path%2F00001%2F1')).json().id).toBe('path/00001/1');
    expect((await get('/v1/actors/node')).json().state).toBe('joined');
  });

  test('explain themselves back to the first cause', async () => {
    const explanation = (await get('/v1/actors/path/00001/1/explain')).json();
    expect(explanation.chain.at(-1)).toMatchObject({
      actor: 'node',
      cause: null,
      text: "node n3's agent left the cluster",
    });
  });

  test('that do not exist are 404 and say where the others are', async () => {
    for (const url of ['/v1/actors/path/00001/77', '/v1/actors/path/00001/77/explain']) {
      const answer = await get(url);
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'NOT_FOUND', facts: { actor: 'path/00001/77' } });
    }
  });
});

describe('events', () => {
  const seqs = async (url: string) => (await get(url)).json().map((each: { seq: number }) => each.seq);

  test('are read as a range, oldest or newest first', async () => {
    expect(await seqs('/v1/events?from=3&to=5')).toEqual([3, 4, 5]);
    expect(await seqs('/v1/events?limit=2&newest=true')).toEqual([16, 15]);
    expect(await seqs('/v1/events?actor=path/00002/1')).toEqual([5]);
  });

  test('refuse a range that makes no sense, naming every mistake', async () => {
    const answer = await get('/v1/events?from=x&limit=5000');
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(answer.json().facts.mistakes.map((each: { key: string }) => each.key).sort()).toEqual(['from', 'limit']);
  });
});

describe('machines, cluster and journal', () => {
  test('give the graph of a machine and its diagram', async () => {
    expect((await get('/v1/machines')).json()).toEqual(['disk-path']);
    const machine = (await get('/v1/machines/disk-path')).json();
    expect(machine.graph.nodes.map((node: { id: string }) => node.id)).toContain('mapped.opening');
    const mermaid = await get('/v1/machines/disk-path?format=mermaid');
    expect(mermaid.headers['content-type']).toContain('text/plain');
    expect(mermaid.body).toBe(machine.mermaid);
    expect((await get('/v1/machines/nothing')).statusCode).toBe(404);
    expect((await get('/v1/machines/disk-path?format=png')).json().facts.mistakes).toEqual([
      { key: 'format', reason: 'must be json or mermaid' },
    ]);
  });

  test('give what the port gives, unshortened', async () => {
    expect((await get('/v1/cluster')).json()).toEqual(JSON.parse(JSON.stringify(it.inspector.cluster())));
    expect((await get('/v1/journal')).json()).toEqual(await it.inspector.journal());
  });
});

describe('errors', () => {
  test('keep their code, message and facts', async () => {
    it.inspector.failWith = new PathwardenError(
      'JOURNAL_WRITE_FAILED',
      'The disk of the journal is full.',
      { free: 0 },
    );
    const answer = await get('/v1/actors');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({
      code: 'JOURNAL_WRITE_FAILED',
      message: 'The disk of the journal is full.',
      facts: { free: 0 },
    });
  });

  test('that nobody expected tell the log everything and the caller nothing', async () => {
    it.inspector.failWith = new TypeError('secret detail');
    const answer = await get('/v1/actors');
    expect(answer.statusCode).toBe(500);
    expect(answer.json().code).toBe('INTERNAL');
    expect(answer.body).not.toMatch(/secret detail|\.ts|at /);
    expect(it.logged.find(({ msg }) => msg === 'request failed')).toMatchObject({ err: { message: 'secret detail' } });
  });

  test('for unknown URLs and for URLs that cannot be decoded have the same shape', async () => {
    expect((await get('/v2/nothing')).json()).toMatchObject({ code: 'NOT_FOUND', facts: {} });
    const bad = await get('/v1/actors/%E0%A4%A');
    expect([bad.statusCode, bad.json().code]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('the OpenAPI document', () => {
  test('lists every route with its parameters and answers', async () => {
    const document = (await get('/v1/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/livez',
        '/readyz',
        '/metrics',
        '/v1/actors',
        '/v1/actors/{kind}/{name}/{index}',
        '/v1/actors/{kind}/{name}/{index}/explain',
        '/v1/actors/{kind}/{name}/{index}/events',
        '/v1/events',
        '/v1/events/stream',
        '/v1/machines/{name}',
        '/v1/cluster',
        '/v1/stream',
        '/v1/journal',
        '/v1/paths/{disk}/{index}/serving',
      ]),
    );
    const body = document.paths['/v1/actors/{kind}/{name}/events'].post.requestBody.content['application/json'].schema;
    expect(JSON.stringify(body.anyOf[0])).toContain('operator.add');
  });
});
