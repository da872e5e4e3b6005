// Work under one name runs one after the other, so that a disk's close cannot undo its sibling's open.
import { type CallOptions, type Outcome, unknown } from '../src/ports/outcome.ts';
import { shareDeadline } from './run.ts';

/** What is left of the caller's deadline. */
export type Left = () => CallOptions;

type Turns = <T>(
  name: string,
  options: CallOptions,
  work: (left: Left) => Promise<Outcome<T>>,
) => Promise<Outcome<T>>;

/** Waiting for a turn counts against the deadline; past it the answer is unknown, and the work finds no time left. */
export function turns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, options, work) => {
    const left = shareDeadline(options);
    let hasBegun = false;
    const mine = (last.get(name) ?? Promise.resolve()).then(() => {
      hasBegun = true;
      return work(left);
    });
    const settled = mine.catch(() => undefined);
    last.set(name, settled);
    void settled.finally(() => last.get(name) === settled && last.delete(name));
    const { promise: late, resolve } = Promise.withResolvers<Outcome<never>>();
    const giveUp = (why: string): void => resolve(unknown(why));
    const waiting = setTimeout(
      () => !hasBegun && giveUp(`another call for ${name} takes too long`),
      options.deadlineMs + graceMs,
    );
    const working = setTimeout(giveUp, options.deadlineMs + answerMs, `no answer for ${name} before its deadline`);
    try {
      return await Promise.race([mine, late]);
    } finally {
      clearTimeout(waiting);
      clearTimeout(working);
    }
  };
}

const graceMs = 20;
/** Work that has begun ends by the deadlines of its own commands, and says more: also where the clock runs late. */
const answerMs = 500;
