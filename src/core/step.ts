// One event, one step: the only importer of XState's transition functions.
import { createActor, getNextTransitions, initialTransition, transition } from 'xstate';
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { DomainEvent, Intent, Json } from '../../machines/intent.ts';
import { PathwardenError } from '../errors.ts';
import { specOf, type Definition, type Kind, type Snapshot } from './definition.ts';

export interface Step {
  readonly next: Snapshot;
  readonly intents: readonly Intent[];
  /** Nothing in this state reacts to the event. */
  readonly ignored: boolean;
}

/** Pure. Throws `MACHINE_MISUSED` when the event is XState's own or the machine asks for something it must not use. */
export function step(of: Definition, from: Snapshot, event: DomainEvent): Step {
  if (event.type.startsWith('xstate.')) {
    throw new PathwardenError('MACHINE_MISUSED', `The event ${event.type} is reserved for XState and was refused.`);
  }
  const [next, actions] = transit(of.machine, from, event);
  const ignored = next === from && actions.length === 0;
  return { next, intents: actions.map((action) => toIntent(of, action)), ignored };
}

/** The state of an actor before its first event. Initial states ask for nothing. */
export function initial({ definition, input }: Kind): Snapshot {
  const [snapshot, actions] = initialTransition(definition.machine, input as never);
  if (actions.some((action) => !isBookkeeping(action))) {
    throw new PathwardenError('MACHINE_MISUSED', `${definition.label} asks for something before its first event.`);
  }
  return snapshot as Snapshot;
}

/** XState's persisted snapshot: JSON that `restore` turns back. */
export const persist = (of: Definition, snapshot: Snapshot): Json =>
  of.machine.getPersistedSnapshot(snapshot) as unknown as Json;

/** Throws when the JSON names a state that the machine does not have. The actor is never started. */
export const restore = (of: Definition, persisted: Json): Snapshot =>
  createActor(of.machine, { snapshot: persisted as never }).getSnapshot() as Snapshot;

/** Event types that the snapshot's states react to. */
export const accepted = (snapshot: Snapshot): readonly string[] =>
  [...new Set(getNextTransitions(snapshot).map((each) => each.eventType))].filter(Boolean);

// XState's transition() makes an actor for every step, with a system of its own and the machine's whole initial state:
// more work than the step itself, thrown away at once. Our machines have no child actors, so nobody looks at it, and
// one of them serves every step of a machine.
function transit(machine: AnyStateMachine, from: Snapshot, event: DomainEvent): [next: Snapshot, actions: Action[]] {
  const actions: Action[] = [];
  const scope = scopeOf(machine);
  scope.actionExecutor = (action) => actions.push(action);
  const next = machine.transition(from, event, scope) as Snapshot;
  return [next, actions];
}

type Scope = Parameters<AnyStateMachine['transition']>[2];

const scopes = new WeakMap<AnyStateMachine, Scope>();

function scopeOf(machine: AnyStateMachine): Scope {
  let scope = scopes.get(machine);
  if (scope !== undefined) return scope;
  const keepsScope: AnyActorLogic = {
    transition: (snapshot, _event, given) => {
      scope = given as Scope;
      return snapshot;
    },
    getInitialSnapshot: () => neverLookedAt,
    getPersistedSnapshot: () => neverLookedAt,
  };
  transition(keepsScope, neverLookedAt, { type: 'none' });
  if (scope === undefined) throw new PathwardenError('INTERNAL', 'XState gave no scope to a transition.');
  scopes.set(machine, scope);
  return scope;
}

const neverLookedAt = { status: 'active', output: undefined, error: undefined } as const;

type Action = { readonly type: string; readonly params: unknown };

const isBookkeeping = (action: Action) => action.type === 'xstate.assign';

function toIntent(of: Definition, { type, params }: Action): Intent {
  if (type.startsWith('xstate.') || of.intents[type] === undefined) {
    throw new PathwardenError(
      'MACHINE_MISUSED',
      `${of.label} used the action ${type}: machines may only ask for the intents of their table.`,
      { machine: of.label, action: type },
    );
  }
  specOf(of, type);
  return { type, params: (params ?? {}) as Intent['params'] };
}
