// Reading a snapshot: dotted state, description, tags.
import type { Json } from '../../machines/intent.ts';
import type { Definition, Snapshot } from './definition.ts';

/** `mapped.opening`; regions of a parallel state are joined with `+`. */
export function dotted(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, below]) => (dotted(below) === '' ? key : `${key}.${dotted(below)}`))
    .join('+');
}

export const stateOf = (snapshot: Snapshot): string => dotted(snapshot.value as Json);

/** The sentence of the innermost state that has one. */
export function describe(snapshot: Snapshot): string {
  const described = snapshot._nodes.filter((node) => node.description !== undefined);
  const innermost = described.reduce<(typeof described)[number] | undefined>(
    (deepest, node) => (deepest === undefined || node.path.length >= deepest.path.length ? node : deepest),
    undefined,
  );
  return innermost?.description ?? '';
}

/** The same for a state value that stands in a record. */
export function describeValue(of: Definition, value: Json): string {
  let node: StateNodeLike | undefined = of.machine.root;
  let sentence = '';
  for (const key of dotted(value).split('.')) {
    node = node?.states[key];
    sentence = node?.description ?? sentence;
  }
  return sentence;
}

type StateNodeLike = { readonly description?: string; readonly states: Readonly<Record<string, StateNodeLike>> };

export const tagsOf = (snapshot: Snapshot): readonly string[] => [...snapshot.tags];
