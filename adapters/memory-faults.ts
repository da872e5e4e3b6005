// Scripted trouble for the memory twins.
import type { CallOptions, Outcome } from '../src/ports/outcome.ts';
import { refused, unknown } from '../src/ports/outcome.ts';
import type { Clock } from '../src/ports/clock.ts';

export type Fault =
  | { readonly kind: 'refuse'; readonly reason: string; readonly code?: string }
  /** `applied`: it happened all the same, only the answer was lost. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly applied?: boolean }
  | { readonly kind: 'delay'; readonly ms: number };

export interface Faults {
  /** The next call of the verb, for example `target.ensureOpen`, meets the fault. Several queue up. */
  once(verb: string, fault: Fault): void;
  /** Every call meets it, after those queued with `once`; null ends it. */
  always(verb: string, fault: Fault | null): void;
  take(verb: string): Fault | undefined;
}

export function createFaults(): Faults {
  const queued = new Map<string, Fault[]>();
  const lasting = new Map<string, Fault>();
  return {
    once(verb, fault) {
      queued.set(verb, [...(queued.get(verb) ?? []), fault]);
    },
    always(verb, fault) {
      if (fault === null) lasting.delete(verb);
      else lasting.set(verb, fault);
    },
    take: (verb) => queued.get(verb)?.shift() ?? lasting.get(verb),
  };
}

export type Guard = <T>(verb: string, options: CallOptions, work: () => Outcome<T>) => Promise<Outcome<T>>;

/** Runs a verb as it is. */
export const unguarded: Guard = async (_verb, _options, work) => work();

/** Runs a verb with the fault scripted for it. A delay past the deadline leaves it unknown and applies it late. */
export function guardWith(faults: Faults, clock: Clock): Guard {
  return async (verb, options, work) => {
    const fault = faults.take(verb);
    if (options.signal?.aborted === true) return unknown('called off before it started');
    if (fault === undefined) return work();
    if (fault.kind === 'refuse') return refused(fault.reason, fault.code);
    if (fault.kind === 'unknown') {
      if (fault.applied === true) work();
      return unknown(fault.reason);
    }
    return delayed(clock, fault.ms, options, work);
  };
}

function delayed<T>(clock: Clock, ms: number, options: CallOptions, work: () => Outcome<T>): Promise<Outcome<T>> {
  const { promise, resolve } = Promise.withResolvers<Outcome<T>>();
  const cancelDeadline = clock.after(options.deadlineMs, () => resolve(unknown('no answer before its deadline')));
  clock.after(ms, () => {
    cancelDeadline();
    resolve(work());
  });
  options.signal?.addEventListener('abort', () => resolve(unknown('called off')), { once: true });
  return promise;
}
