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

/** Who answers an intent, and with what. */
export type Answer =
  /** The adapter's outcome: `done`, or `<type>Refused` (did not happen), or `<type>Unknown` (nobody can say). */
  | { readonly by: 'outcome'; readonly done: string }
  /** Another actor (`params.to`), which is told this event with the other params. */
  | { readonly by: 'recipient'; readonly told: string }
  /** The clock: `<params.name>.due`. */
  | { readonly by: 'clock' }
  /** Nobody: it is settled when it is dispatched. */
  | { readonly by: 'nobody' };

/**
 * What the daemon must know about an intent type without knowing the machine.
 *
 * - `lane`: intents of one actor in one lane run one after another, and a newer intent supersedes
 *   every older one there that is still unanswered: the older answer is audited and dropped.
 *   A lane that ends in a colon is completed with `params.name`. No lane (`null`): it runs at once
 *   and is never superseded.
 * - `serves`: it starts to serve, so its record must be durable before it is dispatched. Every
 *   other intent may be dispatched while the journal hangs.
 * - `abortable`: when superseded, its command may be killed. Otherwise its end is waited for.
 */
export interface IntentSpec {
  readonly answer: Answer;
  readonly lane: string | null;
  readonly serves: boolean;
  readonly abortable: boolean;
  readonly about: string;
}

export type IntentTable = Readonly<Record<string, IntentSpec>>;

/** An empty action body with typed params: machines name effects, the daemon carries them out. */
export const intent =
  <Params extends Readonly<Record<string, Json>>>() =>
  (_self: unknown, _params: Params): void => {};

export function laneOf(spec: IntentSpec, request: Intent): string | null {
  return spec.lane?.endsWith(':') === true ? `${spec.lane}${String(request.params['name'])}` : spec.lane;
}

/** The event types that can answer an intent. */
export function answersOf(request: Intent, spec: IntentSpec): readonly string[] {
  const { answer } = spec;
  if (answer.by === 'outcome') return [answer.done, `${request.type}Refused`, `${request.type}Unknown`];
  if (answer.by === 'clock') return [`${String(request.params['name'])}.due`];
  return answer.by === 'recipient' ? [answer.told] : [];
}

/** Timers are intents that every machine may use: `timer.arm {name, ms}` comes back as `<name>.due`. */
export const timerIntents = {
  'timer.arm': {
    answer: { by: 'clock' },
    lane: 'timer:',
    serves: false,
    abortable: true,
    about: 'come back after `ms` milliseconds',
  },
  'timer.cancel': {
    answer: { by: 'nobody' },
    lane: 'timer:',
    serves: false,
    abortable: true,
    about: 'the named timer is not needed any more',
  },
} as const satisfies IntentTable;
