// What the daemon and the process that starts its programs say to each other.
import type { RunOptions, RunResult } from '../run.ts';

/** The signal of a call cannot be sent: `call off` stands for it. */
export type Request =
  | { readonly id: number; readonly argv: readonly string[]; readonly options: Omit<RunOptions, 'signal'> }
  | { readonly id: number; readonly callOff: true };

export interface Reply {
  readonly id: number;
  readonly result: RunResult;
}
