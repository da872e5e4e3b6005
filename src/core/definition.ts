// From an actor's id to its machine: the only place that knows which kind of actor runs which machine.
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { Upcaster } from '../../machines/former.ts';
import type { IntentSpec, IntentTable } from '../../machines/intent.ts';
import { machines, type MachineName, type Registered } from '../../machines/index.ts';

export type Snapshot = AnyMachineSnapshot;

export interface Definition {
  readonly name: string;
  readonly version: number;
  /** `name@version`, as it stands in every record. */
  readonly label: string;
  readonly machine: AnyStateMachine;
  readonly intents: IntentTable;
  /** How an actor of this version becomes one of the next; null for today's version. */
  readonly next: { readonly definition: Definition; readonly upcaster: Upcaster } | null;
  /** Every version before, oldest first. */
  readonly former: readonly Definition[];
}

/** Today's version, with those before it at hand. */
export function define(name: string, { version, machine, intents, former = [] }: Registered): Definition {
  const earlier: Definition[] = [];
  const label = (of: number): string => `${name}@${String(of)}`;
  const today: Definition = { name, version, label: label(version), machine, intents, next: null, former: earlier };
  let next = today;
  for (const { upcaster, ...old } of former.toReversed()) {
    next = { name, label: label(old.version), ...old, next: { definition: next, upcaster }, former: [] };
    earlier.unshift(next);
  }
  return today;
}

const byName = new Map(Object.entries(machines).map(([name, each]) => [name as MachineName, define(name, each)]));

export function definition(name: MachineName): Definition {
  const found = byName.get(name);
  if (found === undefined) throw new TypeError(`no machine is called ${name}`);
  return found;
}

/** The version of it that stands in a record as `label`; undefined when it is not known here. */
export const versionOf = (of: Definition, label: string): Definition | undefined =>
  of.label === label ? of : of.former.find((each) => each.label === label);

export interface Kind {
  readonly definition: Definition;
  readonly input: unknown;
}

/** Which machine an actor runs; undefined when no machine answers to such an id. */
export type Kinds = (actorId: string) => Kind | undefined;

/** `path/00001/1`, `disk/00001`, `exclusion/<session>`, `node`; undefined for anything else. */
export function kindOf(actorId: string): Kind | undefined {
  const [kind, first, second, ...rest] = actorId.split('/');
  if (rest.length > 0) return undefined;
  if (kind === 'node' && first === undefined) return { definition: definition('node'), input: undefined };
  if (!first) return undefined;
  if (kind === 'path' && /^[1-9]\d*$/.test(second ?? '')) {
    return { definition: definition('disk-path'), input: { disk: first, index: Number(second) } };
  }
  if (second !== undefined) return undefined;
  if (kind === 'disk') return { definition: definition('disk'), input: { disk: first } };
  if (kind === 'exclusion') return { definition: definition('exclusion'), input: { session: first } };
  return undefined;
}

/** What the daemon must know of an intent; a machine that asks for an unlisted one is a mistake in our code. */
export function specOf(of: Definition, type: string): IntentSpec {
  const spec = of.intents[type];
  if (spec === undefined) throw new TypeError(`${of.label} asks for ${type}, which its intent table does not list`);
  return spec;
}
