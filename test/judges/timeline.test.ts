// The lab's judge of who answered must itself be right, or the lab's verdict is worth nothing.
import { describe, expect, it } from 'vitest';
import { Timeline } from '../lab/timeline.ts';

const ip = '10.0.0.1';
const up = { addressUp: true, portalOpen: true, connected: false };
const down = { addressUp: false, portalOpen: false, connected: false };

/** Rows of `host, last sample before, sample that saw it, what it saw`. */
function timeline(...rows: readonly (readonly [string, number, number, object])[]): Timeline {
  const made = new Timeline();
  for (const [host, after, seen, state] of rows) made.add({ ip, host, after, seen, ...up, ...state });
  return made;
}

describe('double service', () => {
  it('is certain when two hosts were seen serving at one time', () => {
    const both = timeline(['a', 0, 8, up], ['b', 92, 100, up], ['a', 192, 200, down]);
    expect(both.double(ip, 0, 1000)).toEqual([{ ip, hosts: ['a', 'b'], at: 92, upToMs: 108, certain: true }]);
  });

  it('is suspected when a change of one fell between the same two samples as a change of the other', () => {
    const near = timeline(['a', 0, 8, up], ['a', 92, 100, down], ['b', 92, 100, up]);
    expect(near.double(ip, 0, 1000)).toMatchObject([{ certain: false, upToMs: 8 }]);
  });

  it('is excluded when a sample lies between the end of one and the start of the other', () => {
    const apart = timeline(['a', 0, 8, up], ['a', 92, 100, down], ['b', 108, 116, up]);
    expect(apart.double(ip, 0, 1000)).toEqual([]);
  });

  it('counts an initiator that is still connected, with the address up and the portal closed', () => {
    const lingering = { portalOpen: false, connected: true };
    const both = timeline(['a', 0, 8, up], ['a', 42, 50, lingering], ['b', 92, 100, up], ['a', 192, 200, down]);
    expect(both.double(ip, 0, 1000)).toHaveLength(1);
  });

  it('does not count an open portal without its address', () => {
    const both = timeline(['a', 0, 8, up], ['b', 92, 100, { addressUp: false }]);
    expect(both.double(ip, 0, 1000)).toEqual([]);
  });
});

describe('the margin between two hosts', () => {
  it('reaches from the first sample without an answer of the one to the last without service of the other', () => {
    const apart = timeline(['a', 0, 8, up], ['a', 92, 100, down], ['b', 292, 300, up]);
    expect(apart.marginMs(ip, 'a', 50)).toBe(192);
  });

  it('is negative when both may have answered together', () => {
    const near = timeline(['a', 0, 8, up], ['a', 92, 100, down], ['b', 92, 100, up]);
    expect(near.marginMs(ip, 'a', 50)).toBe(-8);
  });

  it('ends with the last connection of an initiator, not with the portal', () => {
    const lingering = { portalOpen: false, connected: true };
    const slow = timeline(['a', 0, 8, up], ['a', 92, 100, lingering], ['a', 192, 200, down], ['b', 292, 300, up]);
    expect(slow.marginMs(ip, 'a', 50)).toBe(92);
  });

  it('is unknown while the first still answers, and when nobody follows', () => {
    expect(timeline(['a', 0, 8, up], ['b', 292, 300, up]).marginMs(ip, 'a', 50)).toBeUndefined();
    expect(timeline(['a', 0, 8, up], ['a', 92, 100, down]).marginMs(ip, 'a', 50)).toBeUndefined();
  });
});

describe('time without service', () => {
  it('reaches from the last sample that saw service to the first that sees it again', () => {
    const moved = timeline(['a', 0, 8, up], ['a', 92, 100, down], ['b', 292, 300, up]);
    expect(moved.gaps(ip, 50, 1000)).toEqual([{ from: 92, ms: 208, host: 'b' }]);
  });

  it('runs to the end of the window while nobody serves', () => {
    expect(timeline(['a', 0, 8, up], ['a', 92, 100, down]).gaps(ip, 50, 1000)).toEqual([
      { from: 92, ms: 908, host: null },
    ]);
  });

  it('is not there while one host serves all the time', () => {
    expect(timeline(['a', 0, 8, up]).gaps(ip, 50, 1000)).toEqual([]);
  });
});
