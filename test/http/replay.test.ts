// The inspector over the past: earlier states over HTTP, and a journal file without a daemon.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { serveReplay, type Served } from '../../src/journal-tools.ts';
import type { ClusterSummary, ActorView } from '../../src/ports/inspector.ts';
import { readFixture } from '../journals/read.ts';
import { harness, token } from './harness.ts';

const here = { host: '127.0.0.1', port: 0 };
const fixture = new URL('../journals/0.1-demo.ndjson', import.meta.url).pathname;
const open: Served[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function serve(file: string): Promise<Served> {
  const served = await serveReplay(file, here);
  open.push(served);
  return served;
}

async function ask<T>({ url }: Served, path: string, init: RequestInit = {}): Promise<{ status: number; body: T }> {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, body: (await response.json()) as T };
}

describe('the inspector of a running daemon', () => {
  it('gives an actor as of an earlier record', async () => {
    const { app } = harness();
    const { statusCode, body } = await app.inject('/v1/actors/path/00001/1?at=12');
    expect({ statusCode, ...(JSON.parse(body) as ActorView) }).toMatchObject({ statusCode: 200, seq: 12,
      state: 'unlocked.idle' });
    expect((await app.inject('/v1/actors/path/00001/1?at=soon')).statusCode).toBe(400);
    expect((await app.inject('/v1/actors/path/none/1?at=12')).statusCode).toBe(404);
  });

  it('gives the phases of the last take-over of a path', async () => {
    const { app } = harness();
    expect((await app.inject('/v1/actors/path/00001/1/timeline')).json()).toMatchObject({ tookMs: 42 });
    expect((await app.inject('/v1/actors/node/timeline')).json()).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a replay', () => {
  it('shows what the node had written, and up to when', async () => {
    const served = await serve(fixture);
    const records = readFixture('0.1-demo.ndjson');
    const last = records.at(-1);
    const { body } = await ask<ClusterSummary>(served, '/v1/cluster');
    expect(body.replay).toEqual({ file: fixture, until: last?.at, lastSeq: last?.seq });
    const held = body.disks.flatMap(({ paths }) => paths).filter(({ owner }) => owner !== null);
    expect(held.length).toBeGreaterThan(0);
    const { body: all } = await ask<unknown[]>(served, '/v1/events?limit=1000');
    expect(all).toEqual(records);
    expect(await ask(served, '/readyz')).toMatchObject({ status: 503 });
    expect(await ask(served, '/livez')).toMatchObject({ status: 200 });
  });

  it('answers why, when and as of then', async () => {
    const served = await serve(fixture);
    const { body } = await ask<ClusterSummary>(served, '/v1/cluster');
    const { disk, index } = body.disks.flatMap(({ paths }) => paths).find(({ owner }) => owner !== null) ?? {};
    const actor = `/v1/actors/path/${disk ?? ''}/${String(index)}`;
    expect((await ask<{ chain: unknown[] }>(served, `${actor}/explain`)).body.chain.length).toBeGreaterThan(5);
    expect((await ask<{ phases: unknown[] }>(served, `${actor}/timeline`)).body.phases.length).toBeGreaterThan(5);
    const now = await ask<ActorView>(served, actor);
    expect(now.body.state).toBe('enabled');
    expect(await ask(served, `${actor}?at=${String(now.body.seq)}`)).toMatchObject({ body: { state: 'enabled' } });
  });

  it('refuses every change, with and without a token, and says where to ask', async () => {
    const served = await serve(fixture);
    const body = JSON.stringify({ type: 'operator.drain', node: 'n1', by: 'ada', reason: 'test' });
    for (const authorization of ['', `Bearer ${token}`]) {
      const headers = { 'content-type': 'application/json', authorization };
      for (const path of ['/v1/actors/node/events', '/v1/journal/compact']) {
        expect(await ask(served, path, { method: 'POST', headers, body })).toMatchObject({
          status: 409, body: { code: 'NOT_ACCEPTED', message: expect.stringContaining('This is a replay of') },
        });
      }
    }
  });

  it('reads the journal of a node too, and names the node', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pathwarden-replay-'));
    const file = join(directory, 'journal.sqlite');
    const journal = sqliteJournal({ file, node: 'n2' });
    await journal.open();
    await journal.append(readFixture('0.1-demo.ndjson'));
    await journal.close();
    const served = await serve(file);
    expect(served.node).toBe('n2');
    expect((await ask<ClusterSummary>(served, '/v1/cluster')).body.nodes).toMatchObject([{ node: 'n2' }]);
    rmSync(directory, { recursive: true });
  });
});
