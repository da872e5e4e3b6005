// The base types of every machine: what an event, an intent and an intent's specification are.

/** Anything that survives JSON unchanged. Events, intents and contexts hold nothing else. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A past fact that an actor is told. `type` is dotted and in the past tense: `lock.granted`. */
export interface DomainEvent {
  readonly type: string;
}

/** A verb that a machine asks for. Data, never code. */
export interface Intent {
  readonly type: string;
  readonly params: Readonly<Record<string, Json>>;
}

/**
 * What the daemon must know about an intent type without knowing the machine.
 *
 * - `done`: the event type that answers it when it happened. Its other two answers are derived:
 *   `<type>Refused` (known not to have happened) and `<type>Unknown` (nobody can say).
 *   `null` for intents that are settled by something else than an outcome (tells, timers).
 * - `lane`: intents of one actor in one lane run one after another, and a newer intent supersedes
 *   every older one there that is still unanswered: the older answer is audited and dropped.
 * - `serves`: it starts to serve, so its record must be durable before it is dispatched. Every
 *   other intent may be dispatched while the journal hangs.
 * - `abortable`: when superseded, its command may be killed. Otherwise its end is waited for.
 */
export interface IntentSpec {
  readonly done: string | null;
  readonly lane: string;
  readonly serves: boolean;
  readonly abortable: boolean;
  readonly about: string;
}

export type IntentTable = Readonly<Record<string, IntentSpec>>;

/** An empty action body with typed params: machines name effects, the daemon carries them out. */
export const intent =
  <Params extends Readonly<Record<string, Json>>>() =>
  (_self: unknown, _params: Params): void => {};

/** The three event types that can answer an intent, in the order done, refused, unknown. */
export function answersOf(type: string, spec: IntentSpec): readonly string[] {
  return spec.done === null ? [] : [spec.done, `${type}Refused`, `${type}Unknown`];
}
