// What the main thread and the journal's worker say to each other: numbers and ready-made strings, nothing deep.
import { PathwardenError, type ErrorCode } from '../../src/errors.ts';
import type { Compacted, JournalInfo, JournalQuery, Retention, SetAside } from '../../src/ports/journal.ts';
import type { StoredContents } from './database.ts';
import type { Cell, RecordRow, SnapshotRow } from './rows.ts';

/** Each verb with what it carries and what it answers. */
export interface Verbs {
  open: { carries: null; answers: StoredContents & { readonly setAside: SetAside | null } };
  append: { carries: readonly Cell[]; answers: null };
  saveSnapshots: { carries: readonly SnapshotRow[]; answers: null };
  read: { carries: JournalQuery; answers: readonly RecordRow[] };
  snapshots: { carries: string; answers: readonly SnapshotRow[] };
  compact: { carries: Retention; answers: Compacted };
  info: { carries: null; answers: JournalInfo };
  close: { carries: null; answers: null };
}
export type Verb = keyof Verbs;
export type Handlers = { readonly [V in Verb]: (carried: Verbs[V]['carries']) => Verbs[V]['answers'] };

export interface Question {
  readonly id: number;
  readonly verb: Verb;
  readonly carried: Verbs[Verb]['carries'];
}
export type Answer =
  | { readonly id: number; readonly value: Verbs[Verb]['answers'] }
  | { readonly id: number; readonly fault: Fault };

/** An error as it crosses threads; `cause` keeps the text only. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly cause: string | null;
}

export function toFault(error: unknown, otherwise: { code: ErrorCode; message: string }): Fault {
  if (!(error instanceof PathwardenError)) return { ...otherwise, facts: {}, cause: textOf(error) };
  const { code, message, facts, cause } = error;
  return { code, message, facts, cause: cause === undefined ? null : textOf(cause) };
}

export function fromFault({ code, message, facts, cause }: Fault): PathwardenError {
  return new PathwardenError(code, message, facts, cause === null ? {} : { cause: new Error(cause) });
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
