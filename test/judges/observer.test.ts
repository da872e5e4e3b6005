// How long nobody looked: what the lab's figures of itself rest on.
import { expect, it } from 'vitest';
import { intervalsOf } from '../lab/observer.ts';

it('two samplers look more often than each of them', () => {
  expect(intervalsOf([[0, 0], [40, 0], [10, 0], [25, 0]])).toEqual([
    { at: 0, ms: 10 }, { at: 10, ms: 15 }, { at: 25, ms: 15 },
  ]);
});

it('time in which the machine stood still is left out, and nothing more', () => {
  expect(intervalsOf([[0, 500], [60, 530], [80, 530]])).toEqual([{ at: 0, ms: 30 }, { at: 60, ms: 20 }]);
});
