// From one version of a machine to the next: an actor, with what it waits for.
import type { Persisted } from '../../machines/former.ts';
import type { Intent } from '../../machines/intent.ts';
import { specOf, type Definition, type Kind, type Snapshot } from './definition.ts';
import type { Pending } from './pending.ts';
import { persist, restore } from './step.ts';

interface Standing {
  readonly kind: Kind;
  readonly snapshot: Snapshot;
  readonly pending: Pending;
}

/** Throws when an upcaster makes something that the next version cannot restore or does not ask for. */
export function upcast<S extends Standing>(actor: S, wanted: Definition): S {
  let standing = actor;
  while (standing.kind.definition.label !== wanted.label) standing = toNext(standing);
  return standing;
}

function toNext<S extends Standing>(actor: S): S {
  const { definition } = actor.kind;
  if (definition.next === null) throw new TypeError(`nothing comes after ${definition.label}`);
  const { definition: next, upcaster } = definition.next;
  const persisted = persist(definition, actor.snapshot) as unknown as Persisted;
  const snapshot = restore(next, { ...persisted, ...upcaster.snapshot(persisted) });
  const pending = new Map([...actor.pending].flatMap(([id, intent]) => {
    const raised = (upcaster.intent ?? same)(intent);
    if (raised === null) return [];
    specOf(next, raised.type);
    return [[id, raised] as const];
  }));
  return { ...actor, kind: { ...actor.kind, definition: next }, snapshot, pending };
}

const same = (intent: Intent): Intent => intent;
