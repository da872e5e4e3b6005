import { expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock/system.ts';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { sleep } from '../../src/ports/clock.ts';

test('the virtual clock fires timers in order of time, then of creation, and those that they start', () => {
  const clock = virtualClock();
  const fired: string[] = [];
  const note = (name: string) => (): void => void fired.push(`${name} at ${clock.monotonicMs()}`);
  clock.after(20, note('late'));
  clock.after(10, () => {
    note('first')();
    clock.after(5, note('nested'));
  });
  clock.after(10, note('second'));
  clock.after(100, note('never'));
  clock.advance(50);
  expect(fired).toEqual(['first at 10', 'second at 10', 'nested at 15', 'late at 20']);
  expect(clock.monotonicMs()).toBe(50);
  expect(clock.nextTimerMs()).toBe(50);
});

test('a timer that was cancelled does not fire, and cancelling twice is harmless', () => {
  const clock = virtualClock();
  let fired = 0;
  const cancel = clock.after(10, () => {
    fired += 1;
  });
  cancel();
  cancel();
  clock.advance(10);
  expect(fired).toBe(0);
});

test('wall time moves along with monotonic time', () => {
  const clock = virtualClock({ startMs: 7, wallStartMs: 1000 });
  clock.advance(5);
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([12, 1005]);
});

test('promises settle between timers when they are asked to', async () => {
  const clock = virtualClock();
  const woken: number[] = [];
  const sleeper = async (): Promise<void> => {
    await sleep(clock, 10);
    woken.push(clock.monotonicMs());
    await sleep(clock, 10);
    woken.push(clock.monotonicMs());
  };
  void sleeper();
  await clock.advanceAndSettle(25);
  expect(woken).toEqual([10, 20]);
});

test('the system clock fires, cancels, and does not fire a timer of months at once', async () => {
  const clock = systemClock();
  const fired: string[] = [];
  const cancelMonths = clock.after(2 ** 31 + 5, () => void fired.push('months'));
  clock.after(1, () => void fired.push('cancelled'))();
  const before = clock.monotonicMs();
  await sleep(clock, 5);
  cancelMonths();
  expect(fired).toEqual([]);
  expect(clock.monotonicMs()).toBeGreaterThan(before);
});
