// The own deadline: from the sending of the last good renewal, on a clock that tests move.
import { beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { Lease } from '../../src/daemon/lease.ts';
import type { ClusterPort } from '../../src/ports/cluster.ts';
import { done, refused, unknown, type Outcome } from '../../src/ports/outcome.ts';

type Renewal = { readonly session: string; answer(outcome: Outcome<{ ttlMs: number }>): Promise<void> };

let clock: ReturnType<typeof virtualClock>;
let renewals: Renewal[];
let lease: Lease;
let told: string[];
const good = done({ ttlMs: 10_000 });

const answer = async (outcome: Outcome<{ ttlMs: number }>) => {
  const next = renewals.shift();
  if (next === undefined) throw new Error('nothing is being renewed');
  await next.answer(outcome);
};

beforeEach(() => {
  clock = virtualClock();
  renewals = [];
  told = [];
  const renewSession = (session: string) => {
    const { promise, resolve } = Promise.withResolvers<Outcome<{ ttlMs: number }>>();
    renewals.push({ session, answer: (outcome) => (resolve(outcome), clock.advanceAndSettle(0)) });
    return promise;
  };
  lease = new Lease({
    cluster: { renewSession } as unknown as ClusterPort, clock,
    ttlMs: 10_000, marginMs: 2_000, renewEveryMs: 2_000, requestDeadlineMs: 1_000,
    onLost: (session) => told.push(`lost ${session}`), onExpired: (session) => told.push(`expired ${session}`),
  });
});

describe('the deadline', () => {
  it('counts from the sending of a renewal and not from its answer', async () => {
    lease.keep('s1');
    await clock.advanceAndSettle(900);
    await answer(good);
    expect(lease.remainingMs).toBe(8_000 - 900);
  });

  it('counts from the sending of the request that opened or found the session', async () => {
    const sentAtMs = clock.monotonicMs();
    await clock.advanceAndSettle(700);
    lease.noteSent('s1', sentAtMs);
    lease.keep('s1');
    expect(lease.remainingMs).toBe(7_300);
    lease.keep('s2');
    expect(lease.remainingMs).toBe(8_000);
  });

  it('is kept when its timer comes early, and nothing else happens on the node', async () => {
    const early = { ...clock, after: (ms: number, fire: () => void) => clock.after(ms > 3 ? ms - 3 : ms, fire) };
    const renewSession = () => new Promise<never>(() => {});
    const expired: number[] = [];
    const lonely = new Lease({
      cluster: { renewSession } as unknown as ClusterPort, clock: early,
      ttlMs: 10_000, marginMs: 2_000, renewEveryMs: 2_000, requestDeadlineMs: 1_000,
      onLost: () => {}, onExpired: () => expired.push(clock.monotonicMs()),
    });
    lonely.keep('s1');
    await clock.advanceAndSettle(7_999);
    expect(expired).toEqual([]);
    await clock.advanceAndSettle(1);
    expect(expired).toEqual([8_000]);
  });

  it('runs from the start of the daemon for a session that nobody has heard of since', async () => {
    lease.keep('s1');
    await answer(unknown('cut off'));
    await clock.advanceAndSettle(7_999);
    expect(told).toEqual([]);
    await clock.advanceAndSettle(1);
    expect({ told, left: lease.remainingMs }).toEqual({ told: ['expired s1'], left: 0 });
  });

  it('is said once', async () => {
    lease.keep('s1');
    await clock.advanceAndSettle(20_000);
    lease.check();
    expect(told).toEqual(['expired s1']);
  });

  it('is not moved by keeping the same session again', async () => {
    lease.keep('s1');
    await clock.advanceAndSettle(5_000);
    lease.keep('s1');
    expect(lease.remainingMs).toBe(3_000);
  });

  it('is noticed before any other work after a pause of the process, whichever timers wait', async () => {
    lease.keep('s1');
    await answer(good);
    const late: string[] = [];
    let pausedMs = 0;
    const paused = { ...clock, monotonicMs: () => clock.monotonicMs() + pausedMs };
    const there = new Lease({
      cluster: { renewSession: () => new Promise(() => {}) } as unknown as ClusterPort, clock: paused,
      ttlMs: 10_000, marginMs: 2_000, renewEveryMs: 2_000, requestDeadlineMs: 1_000,
      onLost: () => {}, onExpired: (session) => late.push(session),
    });
    there.keep('s1');
    pausedMs = 60_000;
    expect(there.remainingMs).toBe(0);
    there.check();
    expect(late).toEqual(['s1']);
  });
});

describe('a session', () => {
  it('is confirmed by Consul only: by the request that found or opened it, or by a renewal', async () => {
    lease.hold('s1');
    expect(lease.isConfirmed).toBe(false);
    lease.keep('s1');
    expect(lease.isConfirmed).toBe(false);
    await answer(good);
    expect(lease.isConfirmed).toBe(true);
    lease.drop();
    expect(lease.isConfirmed).toBe(false);
    lease.noteSent('s2', clock.monotonicMs());
    lease.keep('s2');
    expect(lease.isConfirmed).toBe(true);
  });
});

describe('an answer that comes too late', () => {
  it('does not revive the lease', async () => {
    lease.keep('s1');
    await clock.advanceAndSettle(8_000);
    await answer(good);
    expect({ told, left: lease.remainingMs }).toEqual({ told: ['expired s1'], left: 0 });
  });

  it('and belongs to another session means nothing', async () => {
    lease.keep('s1');
    lease.keep('s2');
    await clock.advanceAndSettle(500);
    await answer(refused('it is gone', 'gone'));
    expect({ told, left: lease.remainingMs }).toEqual({ told: [], left: 7_500 });
  });
});

describe('renewing', () => {
  it('goes on every two seconds, and four times a second while there is doubt', async () => {
    lease.keep('s1');
    await answer(good);
    await clock.advanceAndSettle(1_999);
    expect(renewals).toHaveLength(0);
    await clock.advanceAndSettle(1);
    await answer(unknown('a timeout'));
    await clock.advanceAndSettle(250);
    expect(renewals).toHaveLength(1);
  });

  it('ends with the session: it is lost, at once and for good', async () => {
    lease.keep('s1');
    await answer(refused('it is gone', 'gone'));
    await clock.advanceAndSettle(20_000);
    expect({ told, left: lease.remainingMs, asked: renewals.length }).toEqual({
      told: ['lost s1'], left: 0, asked: 0,
    });
  });

  it('ends when the session is dropped, without a word', async () => {
    lease.keep('s1');
    lease.drop();
    await answer(good);
    await clock.advanceAndSettle(20_000);
    expect({ told, left: lease.remainingMs, asked: renewals.length }).toEqual({ told: [], left: 0, asked: 0 });
  });
});
