// Every port verb answers with one of three outcomes. Expected failures are outcomes, never exceptions.

/** It happened (or was already so). */
export interface Done<T> {
  readonly kind: 'done';
  readonly value: T;
}

/** It is known not to have happened. `reason` is one lower-case clause for people. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
  /** A stable word for programs, when the caller decides on it: `held`, `delayed`, `gone`, … */
  readonly code?: string;
}

/** Nobody can say whether it happened: a timeout, a lost answer, a killed command. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
}

export type Outcome<T = null> = Done<T> | Refused | Unknown;

export const done = <T>(value: T): Done<T> => ({ kind: 'done', value });
export const refused = (reason: string, code?: string): Refused =>
  code === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, code };
export const unknown = (reason: string): Unknown => ({ kind: 'unknown', reason });

/** How long a call may take and how it is called off. Every port verb takes one. */
export interface CallOptions {
  /** Milliseconds; past it the verb answers `unknown`, and whatever it started is killed. */
  readonly deadlineMs: number;
  /** Fires when the call is superseded: end as soon as possible; the answer will be dropped. */
  readonly signal?: AbortSignal;
}
