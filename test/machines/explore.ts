// Every state of a machine that its sample events lead to, with one shortest way to it.
import type { MachineName } from '../../machines/index.ts';
import type { DomainEvent, Intent } from '../../machines/intent.ts';
import { stateOf } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import type { Snapshot } from '../../src/core/definition.ts';
import { firstActor, samples } from './samples.ts';
import { given, type Given } from './given.ts';

export interface Edge {
  readonly from: Given;
  readonly event: DomainEvent;
  readonly to: Given;
  readonly intents: readonly Intent[];
  readonly ignored: boolean;
}

export interface Explored {
  /** One Given per kind of situation: state and what guards look at. */
  readonly situations: readonly Given[];
  readonly edges: readonly Edge[];
  /** The events of a shortest way to the first situation in that state. */
  readonly routes: ReadonlyMap<string, readonly DomainEvent[]>;
}

const cache = new Map<MachineName, Explored>();

export function explore(name: MachineName): Explored {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const first = given(firstActor[name]);
  const seen = new Map([[keyOf(first.snapshot), first]]);
  const routes = new Map<string, readonly DomainEvent[]>([[first.state, []]]);
  const ways = new Map<Given, readonly DomainEvent[]>([[first, []]]);
  const edges: Edge[] = [];
  for (const from of seen.values()) {
    for (const event of samples[name]) {
      const { next, intents, ignored } = step(from.kind.definition, from.snapshot, event);
      const key = keyOf(next);
      const to = seen.get(key) ?? given(firstActor[name]).at(next);
      edges.push({ from, event, to, intents, ignored });
      if (seen.has(key)) continue;
      seen.set(key, to);
      const way = [...(ways.get(from) ?? []), event];
      ways.set(to, way);
      const route = routes.get(to.state);
      if (route === undefined || (adopts(route) && !adopts(way))) routes.set(to.state, way);
    }
  }
  const explored = { situations: [...seen.values()], edges, routes };
  cache.set(name, explored);
  return explored;
}

/** The usual way to serve is to take; taking over what is served already is shorter. */
const adopts = (way: readonly DomainEvent[]): boolean => way.some((event) => 'ours' in event);

/** Where a fact of a path or disk is looked at; the others are looked at everywhere. */
const onlyIn: Readonly<Record<string, RegExp>> = {
  tries: /^(releasing|fenced|repairing|broken|removing|detaching|retrying|stuck)/,
  diskReady: /^mapped\.preparing/,
  addressFree: /^mapped\.preparing/,
  offer: /^(unlocked\.waiting|locking|mapped)/,
  evidence: /^locking/,
  lock: /^unlocked/,
};

/** What guards look at. Counters count to the number that matters; of most facts only their presence does. */
function keyOf(snapshot: Snapshot): string {
  const context = snapshot.context as Record<string, unknown>;
  const limits: Readonly<Record<string, number>> = { tries: 5, position: 9 };
  const state = stateOf(snapshot);
  const matters = ([name]: readonly [string, unknown]): boolean =>
    name !== 'trouble' && (onlyIn[name]?.test(state) ?? true);
  const facts = Object.entries(context).filter(matters).map(([name, value]) => {
    if (typeof value === 'number') return Math.min(value, limits[name] ?? 1);
    if (Array.isArray(value)) return value.map((each) => (typeof each === 'string' ? each : ''));
    if (name === 'offer' && value !== null) return 'ours' in (value as object) ? 'ours' : 'free';
    return typeof value === 'boolean' ? value : value === null;
  });
  return JSON.stringify([state, facts]);
}

export function routeTo(name: MachineName, state: string): readonly DomainEvent[] {
  const route = explore(name).routes.get(state);
  if (route === undefined) throw new Error(`no sample events lead ${name} to ${state}`);
  return route;
}

/** A machine that was led to the state on a shortest way. */
export const givenIn = (name: MachineName, state: string): Given =>
  given(firstActor[name]).after(...routeTo(name, state));
