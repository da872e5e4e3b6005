// May the watchdog be fed now? Purely from the lease and the states of the paths.
import { describe, expect, test } from 'vitest';
import { mayServe, type Signs, Vitality } from '../../src/daemon/vitality.ts';

const teardownMs = 10_000;
const signs = (hasRight: boolean, ...states: readonly string[]): Signs => ({
  hasRight,
  paths: states.map((state, index) => ({ id: `path/00001/${String(index + 1)}`, state })),
});

/** What the judgement is after each of these looks, one second apart unless a look names its time. */
function judged(...looks: readonly (Signs | readonly [number, Signs])[]): readonly boolean[] {
  const vitality = new Vitality(teardownMs);
  let nowMs = 0;
  return looks.map((look) => {
    const [atMs, seen] = 'paths' in look ? [nowMs + 1000, look] : look;
    nowMs = atMs;
    return vitality.judge(seen, nowMs).feeds;
  });
}

const right = signs(true, 'enabled');

describe('the watchdog is fed', () => {
  test('while the lease runs, whatever is served under it', () => {
    expect(judged(right, signs(true, 'enabled', 'mapped.opening', 'releasing.stuck'))).toEqual([true, true]);
  });

  test('while nothing is served, with a lease or without one', () => {
    expect(judged(right, signs(false), signs(false, 'unlocked.idle', 'locking.proving'))).toEqual([true, true, true]);
  });

  test('for the time that a teardown may take, counted from the last moment that was in order', () => {
    expect(
      judged([0, right], [5_000, signs(false, 'enabled')], [10_000, signs(false, 'fenced.closing')]),
    ).toEqual([true, true, true]);
  });

  test('again, when what could not be torn down is proven gone at last', () => {
    const stuck = signs(false, 'fenced.stuck');
    expect(judged([0, right], [1, stuck], [10_001, stuck], [11_000, signs(false, 'fenced.freeing')])).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});

describe('the watchdog is not fed', () => {
  test('before Consul has confirmed the right to serve: a start that is repeated would feed for ever', () => {
    expect(judged(signs(false, 'enabled'), signs(false), right)).toEqual([false, false, true]);
  });

  test.each([
    ['a path that lost its authority cannot be torn down', signs(true, 'enabled', 'fenced.stuck')],
    ['the lease is over and paths are served as if nothing had happened', signs(false, 'enabled')],
    ['a path goes round in its teardown', signs(false, 'fenced.retrying')],
    ['a path is still being given up when the lease ends', signs(false, 'releasing.closing')],
    ['a target was being opened when the lease ended', signs(false, 'mapped.opening')],
  ])('when %s, and the time for it is over', (_, over) => {
    expect(judged([0, right], [1, over], [teardownMs, over], [teardownMs + 1, over])).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('right after a pause in which the time for the teardown passed', () => {
    expect(judged([0, right], [60_000, signs(false, 'enabled')])).toEqual([true, false]);
  });

  test('with the path named that is the reason', () => {
    const vitality = new Vitality(teardownMs);
    vitality.judge(right, 0);
    expect(vitality.judge(signs(true, 'unlocked.idle', 'fenced.stuck'), 20_000)).toEqual({
      feeds: false,
      reason: 'path/00001/2 has no right to be served here and is not torn down in time',
    });
  });
});

test('nothing is served where no path is mapped, or where IP and portal were read back as gone', () => {
  const gone = ['unlocked.idle', 'locking.proving', 'releasing.unlocking', 'fenced.freeing', 'fenced.unblocking'];
  expect(gone.filter(mayServe)).toEqual([]);
  const here = ['mapped.opening', 'enabled', 'releasing.verifying', 'fenced.retrying', 'fenced.stuck'];
  expect(here.filter(mayServe)).toEqual(here);
});
