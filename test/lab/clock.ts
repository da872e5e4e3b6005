// One monotonic clock for every process of the lab: CLOCK_MONOTONIC is shared by the whole machine.
import { setTimeout as delay } from 'node:timers/promises';

/** Monotonic milliseconds, comparable between processes of this machine. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms: number): Promise<void> => delay(ms);

/** Thrown by a probe that knows that waiting is of no use. */
export class Hopeless extends Error {}

/**
 * Asks `probe` every `everyMs` until it answers something other than undefined or false.
 * Throws after `deadlineMs`, naming `what` and the last error of the probe.
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  everyMs = 50,
): Promise<T> {
  const deadline = now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    if (now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`, { cause: last });
    await sleep(everyMs);
  }
}
