// Work under one name runs one after the other, so that a disk's close cannot undo its sibling's open.
import { type CallOptions, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { shareDeadline } from '../run.ts';

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
    const mine = (last.get(name) ?? Promise.resolve()).then(() => work(left));
    const settled = mine.catch(() => undefined);
    last.set(name, settled);
    void settled.finally(() => last.get(name) === settled && last.delete(name));
    const { promise: late, resolve } = Promise.withResolvers<Outcome<never>>();
    // Later than the commands' own deadlines, whose answers say more.
    const giveUp = (): void => resolve(unknown(`another call for ${name} takes too long`));
    const timer = setTimeout(giveUp, options.deadlineMs + graceMs);
    try {
      return await Promise.race([mine, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const graceMs = 20;
