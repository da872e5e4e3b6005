// A gate lets so many in, those that stop before those that take, and nobody who was called off.
import { describe, expect, it } from 'vitest';
import { Gate } from '../../src/daemon/gate.ts';

const turn = () => new Promise((resolve) => {
  setImmediate(resolve);
});

function visitor(gate: Gate, later: boolean, signal?: AbortSignal) {
  const seen: { state: 'waiting' | 'inside' | 'called off'; leave: () => void } = { state: 'waiting', leave: () => {} };
  void gate.enter(later, signal).then((release) => {
    seen.state = release === null ? 'called off' : 'inside';
    seen.leave = release ?? seen.leave;
    return seen;
  });
  return seen;
}

describe('a gate', () => {
  it('lets in no more than its width', async () => {
    const gate = new Gate(2);
    const visitors = [1, 2, 3].map(() => visitor(gate, false));
    await turn();
    expect(visitors.map(({ state }) => state)).toEqual(['inside', 'inside', 'waiting']);
    visitors[0]?.leave();
    await turn();
    expect(visitors[2]?.state).toBe('inside');
  });

  it('lets in those that stop before those that take, however long these waited', async () => {
    const gate = new Gate(1);
    const inside = visitor(gate, true);
    await turn();
    const [take, stop] = [visitor(gate, true), visitor(gate, false)];
    await turn();
    inside.leave();
    await turn();
    expect([take.state, stop.state]).toEqual(['waiting', 'inside']);
    stop.leave();
    await turn();
    expect(take.state).toBe('inside');
  });

  it('forgets who is called off while waiting, and gives the place to the next', async () => {
    const gate = new Gate(1);
    const inside = visitor(gate, false);
    await turn();
    const abort = new AbortController();
    const [off, next] = [visitor(gate, false, abort.signal), visitor(gate, false)];
    await turn();
    abort.abort();
    await turn();
    expect([off.state, next.state]).toEqual(['called off', 'waiting']);
    inside.leave();
    await turn();
    expect(next.state).toBe('inside');
  });

  it('does not let in who was called off before, and has all its places afterwards', async () => {
    const gate = new Gate(1);
    expect(await gate.enter(false, AbortSignal.abort())).toBeNull();
    const inside = visitor(gate, false);
    await turn();
    expect(inside.state).toBe('inside');
  });

  it('lets stay who is called off when inside', async () => {
    const gate = new Gate(1);
    const abort = new AbortController();
    const inside = visitor(gate, false, abort.signal);
    await turn();
    abort.abort();
    const next = visitor(gate, false);
    await turn();
    expect([inside.state, next.state]).toEqual(['inside', 'waiting']);
  });
});
