// From an actor's id to its machine: the only place that knows which kind of actor runs which machine.
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { IntentSpec, IntentTable } from '../../machines/intent.ts';
import { machines, type MachineName } from '../../machines/index.ts';

export type Snapshot = AnyMachineSnapshot;

export interface Definition {
  readonly name: MachineName;
  readonly version: number;
  /** `name@version`, as it stands in every record. */
  readonly label: string;
  readonly machine: AnyStateMachine;
  readonly intents: IntentTable;
}

const byName = new Map(
  Object.entries(machines).map(([name, { version, machine, intents }]) => [
    name as MachineName,
    {
      name: name as MachineName,
      version,
      label: `${name}@${String(version)}`,
      machine,
      intents,
    } satisfies Definition,
  ]),
);

export function definition(name: MachineName): Definition {
  const found = byName.get(name);
  if (found === undefined) throw new TypeError(`no machine is called ${name}`);
  return found;
}

export interface Kind {
  readonly definition: Definition;
  readonly input: unknown;
}

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
