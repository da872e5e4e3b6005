// However events come: no path is served without its lock, the proof, and a last look.
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../machines/intent.ts';
import { definition } from '../../src/core/definition.ts';
import { stateOf, tagsOf } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import { explore, routeTo } from './explore.ts';
import { given } from './given.ts';
import { pseudoRandom } from './random.ts';
import { samples } from './samples.ts';

const path = given('path/d1/1');

describe('no way leads to serving', () => {
  const order = ['lock', 'proof', 'address.added', 'lock.confirmed', 'portal.opened'];

  /** Which of the conditions the history since the path was last unlocked has met, in their order. */
  const metBy = (history: readonly DomainEvent[]): readonly string[] => {
    const met: string[] = [];
    const needed = history.find(({ type }) => type === 'lock.granted' || type === 'lock.observed') as
      | { evidence: { session: string } | null } | undefined;
    if (needed === undefined) return met;
    met.push('lock');
    const excluded = history.findIndex((each) => each.type === 'exclusion.proven' &&
      (each as unknown as { session: string }).session === needed.evidence?.session);
    const cleared = history.findIndex(({ type }, at) => type === 'lock.cleared' && at > excluded);
    if (needed.evidence === null || (excluded >= 0 && cleared > excluded)) met.push('proof');
    let from = Math.max(0, cleared);
    for (const type of order.slice(2)) {
      const at = history.findIndex((each, position) => position >= from && meets(each, type));
      if (at < 0) return met;
      met.push(type);
      from = at;
    }
    return met;
  };

  /** An IP that was found together with its open portal needs no adding. */
  const meets = (each: DomainEvent, type: string): boolean => {
    if (type !== 'address.added' || each.type !== 'path.observed') return each.type === type;
    const { address, portal } = each as unknown as { address: boolean; portal: boolean };
    return address && portal;
  };

  it('that leaves out the lock, the proof, the IP, the last look or the portal', () => {
    expect(metBy(routeTo('disk-path', 'enabled'))).toEqual(order);
  });

  it.each([11, 12, 13, 14])('on a walk of 5 000 likely events (seed %i)', (seed) => {
    const of = definition('disk-path');
    const random = pseudoRandom(seed);
    const likely = likelyIn();
    let { snapshot } = path;
    let history: DomainEvent[] = [];
    const served: (readonly string[])[] = [];
    for (let turn = 0; turn < 5_000; turn += 1) {
      const heard = likely.get(stateOf(snapshot));
      const all = samples['disk-path'];
      const onwards = all.filter(({ type }) => heard?.has(type));
      const next = random.pick(onwards.length === 0 || random.below(10) === 0 ? all : onwards);
      const { next: after, ignored } = step(of, snapshot, next);
      if (!ignored) history.push(next);
      const before = stateOf(snapshot);
      snapshot = after;
      const state = stateOf(snapshot);
      if (state.startsWith('unlocked')) history = [];
      if (tagsOf(snapshot).includes('serving') && before !== state) {
        served.push(metBy(history));
      }
    }
    expect(served.length).toBeGreaterThan(5);
    expect(served.filter((met) => met.length < order.length)).toEqual([]);
  });

  /** What carries a path on from each state; the walk takes other events now and then. */
  const likelyIn = (): ReadonlyMap<string, ReadonlySet<string>> => {
    const rough = /lost|unwanted|leftover|missing|failed|Refused|Unknown/;
    const likely = new Map<string, Set<string>>();
    for (const { from, to, event: each, ignored } of explore('disk-path').edges) {
      if (ignored || to.state === from.state || rough.test(each.type)) continue;
      likely.set(from.state, (likely.get(from.state) ?? new Set()).add(each.type));
    }
    return likely;
  };
});
