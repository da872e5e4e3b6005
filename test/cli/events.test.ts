import { expect, test } from 'vitest';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { bench, fakeTerminal } from './fake-terminal.ts';

const record = (seq: number, changes: Partial<JournalRecord> = {}): JournalRecord => ({
  seq,
  actor: 'path/00001/1',
  machine: 'disk-path@1',
  at: 1_800_000_000_000 + seq,
  event: { type: 'lock.granted' },
  value: { mapped: { opening: 'adding' } },
  intents: [{ type: 'address.add', params: {} }],
  cause: null,
  settles: null,
  ...changes,
});

test('events are printed oldest first, with the dotted state and what was asked for', async () => {
  const { agent, pathwarden } = await bench();
  agent.events = [record(1), record(2, { intents: [], value: 'unlocked' })];
  const { out } = await pathwarden('events --actor path/00001/1 --limit 2');
  expect(agent.requests).toEqual(['GET /v1/events?limit=2&actor=path%2F00001%2F1&newest=true']);
  const [first, second] = out.split('\n');
  expect(first).toMatch(/#1 {2}path\/00001\/1 {2}lock\.granted -> mapped\.opening\.adding {2}asks: address\.add$/);
  expect(second).toMatch(/#2 {2}path\/00001\/1 {2}lock\.granted -> unlocked$/);
});

test('--follow goes on right behind the last one, and an agent that goes away is an error', async () => {
  const { agent, pathwarden } = await bench();
  agent.events = [record(1), record(2)];
  agent.streamed = [record(2), record(3), record(4)];
  const { code, terminal } = await pathwarden('events --follow --json');
  expect(agent.requests.at(-1)).toBe('GET /v1/events/stream?from=3');
  expect(terminal.out.slice(0, 4).map((line) => (JSON.parse(line) as JournalRecord).seq)).toEqual([1, 2, 3, 4]);
  expect(code).toBe(3);
});

test('ctrl-c ends --follow without an error', async () => {
  const { agent, pathwarden } = await bench();
  agent.events = [record(1)];
  agent.streamed = [record(2)];
  const terminal = fakeTerminal();
  terminal.onPrint = (out) => {
    if (out.length === 2) terminal.end();
  };
  expect((await pathwarden('events --follow', terminal)).code).toBe(0);
});

test.each(['0', '1001', 'many'])('--limit %s is refused', async (limit) => {
  const { pathwarden } = await bench();
  const { code, errors } = await pathwarden(`events --limit ${limit}`);
  expect(code).toBe(2);
  expect(errors).toContain('whole number from 1 to 1000');
});
