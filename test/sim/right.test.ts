// The judge's own reckoning of how long a node may serve.
import { describe, expect, it } from 'vitest';
import type { ConsulReply } from '../../adapters/consul/api.ts';
import { Right } from './right.ts';

const answer = (status: number): ConsulReply<unknown> => ({
  kind: 'answer', status, index: 0, knownLeader: true, filtered: false, body: { ID: 'first' }, text: '',
});
const silence = { kind: 'silence', reason: 'no answer' } as const;

function made() {
  const clock = { nowMs: 0 };
  const lost: number[] = [];
  const right = new Right(() => clock.nowMs, () => lost.push(clock.nowMs));
  const ask = (verb: string, sentAtMs: number, reply: ConsulReply<unknown>): void =>
    right.heard({ verb, given: ['first'], sentAtMs, reply });
  return { clock, lost, right, ask };
}

describe('the right of a node to serve', () => {
  it('counts from the sending of the last request that was answered, and from no other', () => {
    const { clock, right, ask } = made();
    right.started();
    ask('sessionCreate', 100, answer(200));
    clock.nowMs = 3_000;
    ask('sessionRenew', 2_000, answer(200));
    ask('sessionRenew', 2_500, silence);
    ask('sessionRenew', 2_600, answer(500));
    ask('kvGet', 2_700, answer(200));
    ask('sessionRenew', 1_000, answer(200));
    expect(right.remainingMs).toBe(7_000);
  });

  it('ends when a renewal is told that there is no session, and that is said', () => {
    const { clock, lost, right, ask } = made();
    right.started();
    ask('sessionCreate', 0, answer(200));
    clock.nowMs = 1_000;
    ask('sessionRenew', 900, answer(404));
    expect(right.remainingMs).toBeLessThan(0);
    expect(lost).toEqual([1_000]);
  });

  it('counts from the first of several starts between which nobody answers', () => {
    const { clock, right, ask } = made();
    right.started();
    ask('sessionCreate', 0, answer(200));
    clock.nowMs = 5_000;
    right.started();
    clock.nowMs = 9_000;
    right.started();
    expect(right.remainingMs).toBe(4_000);
    ask('sessionRenew', 9_000, answer(200));
    right.started();
    expect(right.remainingMs).toBe(8_000);
  });

  it('counts from the next start when the first one was never written down', () => {
    // What the simulator found in seed 10470 of half an hour.
    const { clock, right } = made();
    right.started();
    clock.nowMs = 1_000;
    right.ended(false);
    right.started();
    clock.nowMs = 2_000;
    right.ended(true);
    right.started();
    clock.nowMs = 3_000;
    right.ended(false);
    expect(right.remainingMs).toBe(6_000);
  });

  it('counts from the next start when the journal is gone', () => {
    const { clock, right } = made();
    right.started();
    clock.nowMs = 5_000;
    right.forget();
    right.started();
    expect(right.remainingMs).toBe(8_000);
  });
});
