// Who was heard when, and what a pause does to that.
import { describe, expect, it } from 'vitest';
import { HeardPeers } from '../../src/daemon/heard.ts';

const pauseMs = 400;
const n2 = { node: 'n2', session: 's2', address: 'n2:1' };
const statement = { node: 'n2', session: 's2', consulAgeMs: 0, missed: { n3: 1_200 }, objection: null };

function heardUntil(ms: number): HeardPeers {
  const heard = new HeardPeers(pauseMs);
  for (let nowMs = 0; nowMs <= ms; nowMs += 200) heard.awake(nowMs);
  return heard;
}

describe('a node', () => {
  it('counts from when the question was sent that was answered last', () => {
    const heard = heardUntil(1_000);
    heard.note(n2, 400, statement);
    heard.note(n2, 200, statement);
    expect(heard.ageMs(n2, 1_000)).toBe(600);
    expect(heard.missed([n2], 1_000, 500)).toEqual({ n2: 600 });
    expect(heard.missed([n2], 1_000, 700)).toEqual({});
  });

  it('takes nobody for silent after a pause of its own', () => {
    const heard = heardUntil(1_000);
    heard.note(n2, 1_000, statement);
    heard.awake(61_000);
    expect(heard.ageMs(n2, 61_000)).toBe(0);
    for (const nowMs of [61_200, 61_400, 61_600]) heard.awake(nowMs);
    expect(heard.ageMs(n2, 61_600)).toBe(600);
  });

  it('does not believe what was said before a pause', () => {
    const heard = heardUntil(1_000);
    heard.note(n2, 1_000, statement);
    expect(heard.fresh(n2, 1_000, 500)).toEqual(statement);
    heard.awake(61_000);
    expect(heard.fresh(n2, 61_000, 500)).toBeNull();
  });

  it('says nothing of a node that it never heard in its present session', () => {
    const heard = heardUntil(1_000);
    heard.note(n2, 1_000, { ...statement, session: 's-old' });
    expect(heard.ageMs(n2, 2_000)).toBeNull();
    heard.note(n2, 1_000, statement);
    expect(heard.ageMs({ ...n2, session: 's-new' }, 2_000)).toBeNull();
    expect(heard.missed([{ ...n2, session: 's-new' }], 2_000, 0)).toEqual({});
  });
});
