// Any XState machine as plain nodes and edges: what the inspector draws and what docs/machines is generated from.
import type { AnyStateMachine, AnyStateNode } from 'xstate';

export type GraphNode = {
  /** Dotted state path, e.g. `mapped.opening`; the root is `*`. */
  readonly id: string;
  readonly key: string;
  readonly parent: string | null;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The child that is entered first; null for leaves and parallel states. */
  readonly initial: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
};

export type GraphEdge = {
  readonly source: string;
  /** Null: the event is taken in and the state stays. */
  readonly target: string | null;
  /** Event type; `always` and `done` stand for the transitions that need no event of their own. */
  readonly event: string;
  readonly guard: string | null;
  readonly intents: readonly string[];
};

export type MachineGraph = {
  readonly machine: string;
  readonly description: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
};

/** The id of the root: its events are taken in by every state. */
export const anyState = '*';

/** Nodes in the order of the definition, parents first; edges in the order in which XState tries them. */
export function graphOf(machine: AnyStateMachine): MachineGraph {
  const all = withDescendants(machine.root);
  return {
    machine: machine.id,
    description: machine.root.description ?? '',
    nodes: all.map((node) => nodeOf(node, machine)),
    edges: all.flatMap((node) => edgesOf(node, machine)),
  };
}

/** One row per transition, grouped by state: what it reacts to, where it goes, what it asks for. */
export function eventsOf(graph: MachineGraph): readonly {
  readonly state: string;
  readonly description: string;
  readonly events: readonly Omit<GraphEdge, 'source'>[];
}[] {
  return graph.nodes.map((node) => ({
    state: node.id,
    description: node.description,
    events: graph.edges.filter((edge) => edge.source === node.id).map(({ source: _, ...row }) => row),
  }));
}

/**
 * A Mermaid state diagram. Mermaid cannot draw an arrow that enters or leaves a nested state from outside,
 * so such arrows are lifted to the boxes that lie side by side.
 */
export function toMermaid(graph: MachineGraph): string {
  const lines = ['stateDiagram-v2', ...bodyOf(anyState, graph, 1), ...everywhere(graph)];
  return `${lines.join('\n')}\n`;
}

const withDescendants = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((child) => withDescendants(child)),
];

const idOf = (node: AnyStateNode): string => (node.path.length === 0 ? anyState : node.path.join('.'));

function nodeOf(node: AnyStateNode, machine: AnyStateMachine): GraphNode {
  const initial = node.type === 'compound' ? node.initial?.target?.[0] : undefined;
  return {
    id: idOf(node),
    key: node.key,
    parent: node.parent === undefined ? null : idOf(node.parent),
    type: node.type,
    initial: initial === undefined ? null : idOf(initial),
    description: node.description ?? '',
    tags: node.tags,
    entry: intentsIn(node.entry, machine),
    exit: intentsIn(node.exit, machine),
  };
}

function edgesOf(node: AnyStateNode, machine: AnyStateMachine): GraphEdge[] {
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  return transitions.flatMap((transition) =>
    (transition.target ?? [null]).map((target) => ({
      source: idOf(node),
      target: target === null ? null : idOf(target),
      event: eventName(transition.eventType),
      guard: guardName(transition.guard),
      intents: intentsIn(transition.actions, machine),
    })),
  );
}

const eventName = (type: string): string => {
  if (type === '') return 'always';
  return type.startsWith('xstate.done.') ? 'done' : type;
};

/** Actions that XState carries out itself (assign, raise, …) are no intents, wherever they are defined. */
function intentsIn(actions: readonly unknown[], machine: AnyStateMachine): string[] {
  return actions.flatMap((action) => {
    const name = typeOf(action);
    if (name === null || typeof action === 'function' || name.startsWith('xstate.')) return [];
    const body: unknown = Reflect.get(machine.implementations.actions, name);
    return typeOf(body)?.startsWith('xstate.') === true ? [] : [name];
  });
}

function guardName(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null;
  if (typeof guard !== 'function') return typeOf(guard);
  const inner: unknown = Reflect.get(guard, 'guards');
  // A function written in place carries the name of its property, which says nothing.
  if (!Array.isArray(inner)) return ['', 'guard'].includes(guard.name) ? 'condition' : guard.name;
  const names = inner.map((each) => guardName(each) ?? 'condition');
  if (guard.name === 'notGuard') return `not ${names.join(', ')}`;
  return names.join(guard.name === 'orGuard' ? ' or ' : ' and ');
}

function typeOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return null;
  const type: unknown = Reflect.get(value, 'type');
  return typeof type === 'string' ? type : null;
}

const noteLength = 80;

function bodyOf(parent: string, graph: MachineGraph, depth: number): string[] {
  const pad = '    '.repeat(depth);
  const initial = graph.nodes.find((node) => node.id === parent)?.initial ?? null;
  const children = graph.nodes.filter((node) => node.parent === parent);
  return [
    ...(initial === null ? [] : [`${pad}[*] --> ${alias(initial)}`]),
    ...children.flatMap((child) => stateOf(child, graph, depth)),
    ...arrowsIn(parent, graph).map((arrow) => pad + arrow),
    ...children.filter((child) => child.type === 'final').map((child) => `${pad}${alias(child.id)} --> [*]`),
    ...(parent === anyState ? children.flatMap((child) => noteOn(child, pad)) : []),
  ];
}

function stateOf(node: GraphNode, graph: MachineGraph, depth: number): string[] {
  const pad = '    '.repeat(depth);
  const head = `${pad}state "${text(node.key)}" as ${alias(node.id)}`;
  return node.initial === null && node.type !== 'parallel'
    ? [head]
    : [`${head} {`, ...bodyOf(node.id, graph, depth + 1), `${pad}}`];
}

/** Arrows between children of `parent`: one per pair, with everything that leads along it. */
function arrowsIn(parent: string, graph: MachineGraph): string[] {
  const labels = new Map<string, Set<string>>();
  for (const edge of graph.edges) {
    const ends = liftedEnds(edge, graph);
    if (ends === null || ends.parent !== parent) continue;
    const arrow = `${alias(ends.source)} --> ${alias(ends.target)}`;
    const label = `${text(edge.event)}${edge.guard === null ? '' : ` [${text(edge.guard)}]`}`;
    labels.set(arrow, (labels.get(arrow) ?? new Set()).add(label));
  }
  return [...labels].map(([arrow, events]) => `${arrow} : ${[...events].join('<br>')}`);
}

/** The children of the nearest common parent that hold both ends; null when one end holds the other. */
function liftedEnds(edge: GraphEdge, graph: MachineGraph): { parent: string; source: string; target: string } | null {
  if (edge.target === null || edge.source === anyState) return null;
  const target = isInside(edge.source, edge.target) ? firstLeaf(edge.target, graph) : edge.target;
  const sourceSteps = edge.source.split('.');
  const targetSteps = target.split('.');
  if (isInside(target, edge.source) && target !== edge.source) return null;
  let shared = 0;
  while (
    shared < Math.min(sourceSteps.length, targetSteps.length) - 1 &&
    sourceSteps[shared] === targetSteps[shared]
  ) {
    shared += 1;
  }
  return {
    parent: shared === 0 ? anyState : sourceSteps.slice(0, shared).join('.'),
    source: sourceSteps.slice(0, shared + 1).join('.'),
    target: targetSteps.slice(0, shared + 1).join('.'),
  };
}

const isInside = (id: string, parent: string): boolean => id === parent || id.startsWith(`${parent}.`);

function firstLeaf(id: string, graph: MachineGraph): string {
  const initial = graph.nodes.find((node) => node.id === id)?.initial ?? null;
  return initial === null ? id : firstLeaf(initial, graph);
}

/** What a state does in all its steps, which no arrow can show: comments in the source of the diagram. */
function everywhere(graph: MachineGraph): string[] {
  return graph.edges
    .filter((edge) => edge.target !== null && liftedEnds(edge, graph) === null)
    .map((edge) => `    %% anywhere in ${edge.source}: ${edge.event} --> ${String(edge.target)}`);
}

function noteOn(node: GraphNode, pad: string): string[] {
  if (node.description === '') return [];
  const { description } = node;
  const short = description.length <= noteLength ? description : `${description.slice(0, noteLength - 1).trimEnd()}…`;
  return [`${pad}note right of ${alias(node.id)} : ${text(short)}`];
}

const alias = (id: string): string => id.replaceAll('.', '__').replaceAll('-', '_');

/** Mermaid ends a text at some characters; they are written as entities. */
const text = (value: string): string =>
  value.replaceAll('\n', ' ').replaceAll(/[#;":]/g, (each) => `#${each.charCodeAt(0)};`);
