// A machine as it was before its version changed.
import type { AnyStateMachine } from 'xstate';
import type { Intent, IntentTable, Json } from './intent.ts';

/** Kept for as long as journals that it wrote are replayed: its records are replayed by it, and by nothing else. */
export interface FormerMachine {
  readonly version: number;
  readonly machine: AnyStateMachine;
  readonly intents: IntentTable;
  readonly upcaster: Upcaster;
}

/** Brings an actor from one version to the next. Pure. */
export interface Upcaster {
  /** XState's persisted snapshot as this version left it, into one that the next version restores. */
  readonly snapshot: (persisted: Persisted) => Persisted;
  /** An intent that waits for its answer, as the next version would have asked; null: nobody waits any more. */
  readonly intent?: (intent: Intent) => Intent | null;
}

/** What an upcaster changes of a persisted snapshot; the rest stays as it is. */
export interface Persisted {
  readonly value: Json;
  readonly context: Readonly<Record<string, Json>>;
}
