import { afterEach, beforeEach, expect, test } from 'vitest';
import { harness, token, type Harness } from './harness.ts';

let it: Harness;
beforeEach(() => {
  it = harness();
});
afterEach(() => it.app.close());

const compact = (payload: object, headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
  it.app.inject({ method: 'POST', url: '/v1/journal/compact', headers, payload });

test('the journal is compacted by the limits that are given', async () => {
  const answer = await compact({ by: 'alice', keepDays: 3 });
  expect([answer.statusCode, answer.json()]).toEqual([200, { removed: 17, heldAt: null, usedBytes: 40_960 }]);
  expect(it.inspector.compactions).toEqual([{ keepDays: 3 }]);
});

test('compacting needs the operator token and a name', async () => {
  expect((await compact({ by: 'alice' }, {})).statusCode).toBe(401);
  expect((await compact({ keepDays: 3 })).statusCode).toBe(400);
  expect((await compact({ by: 'alice', keepDays: -1 })).statusCode).toBe(400);
  expect(it.inspector.compactions).toEqual([]);
});
