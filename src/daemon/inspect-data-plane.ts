// Compares what the node serves with what its actors believe. What is neither a path nor a disk of ours is not seen.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { stateOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { Cause } from '../ports/journal.ts';
import type { Actor } from './actor.ts';
import type { Inheritance } from './inheritance.ts';
import { inspectDisks } from './inspect-disks.ts';
import { addressKey, portalKey, type Observer, type Sight } from './observer.ts';
import type { Registry } from './registry.ts';
import { rightTo } from './right.ts';

export interface InspectionParts {
  readonly registry: Registry;
  readonly observer: Observer;
  readonly inheritance: Inheritance;
  /** What Consul says; null before the first read. */
  readonly view: () => ClusterView | null;
  readonly post: (actor: string, event: DomainEvent, cause: Cause) => void;
}

/** A read that failed says nothing, and nothing is done because of it. Answers why the node could not be read. */
export async function inspectDataPlane(parts: InspectionParts): Promise<string | null> {
  const { registry, observer, inheritance, post } = parts;
  const before = newestSeq(registry);
  const sight = await observer.look();
  if (sight.kind !== 'done') return sight.reason;
  // Whoever moved during the look is judged next time, and what the journal left when Consul has confirmed it.
  const isSteady = ({ id, seq }: Actor) => seq <= before && !inheritance.isUntouched(id);
  const view = parts.view();
  const tell = (actor: string, event: DomainEvent) =>
    post(actor, event, { kind: 'local', what: 'the node was read back' });
  for (const actor of registry.all()) {
    if (!actor.id.startsWith('path/') || !isSteady(actor)) continue;
    const event = verdict(actor, sight.value, () => rightTo(contextOf(actor), registry, view));
    if (event !== null) tell(actor.id, event);
  }
  inspectDisks(registry, view, sight.value, isSteady, tell);
  return null;
}

/** Every later record of any actor has a higher one. */
function newestSeq(registry: Registry): number {
  let newest = 0;
  for (const { seq } of registry.all()) newest = Math.max(newest, seq);
  return newest;
}

function verdict(actor: Actor, sight: Sight, right: () => string): DomainEvent | null {
  const { settings } = contextOf(actor);
  if (settings === null) return null;
  const state = stateOf(actor.snapshot);
  const address = sight.addresses.has(addressKey(settings));
  const portal = sight.portals.has(portalKey(settings.ip, settings.port));
  if (state === 'enabled') {
    const missing = [address ? '' : `the IP ${settings.ip}`, portal ? '' : 'its portal'].filter(Boolean).join(' and ');
    const reason = `${missing} is gone from the node`;
    return missing === '' ? null : ({ type: 'dataplane.missing', reason } as DomainEvent);
  }
  const isIdle = state.startsWith('unlocked') || state.startsWith('locking');
  if (!isIdle || (!address && !portal) || right() !== 'none') return null;
  const left = [address ? `the IP ${settings.ip}` : '', portal ? 'its portal' : ''].filter(Boolean).join(' and ');
  return { type: 'dataplane.leftover', reason: `${left} is here although the path is not ours` } as DomainEvent;
}

const contextOf = ({ snapshot }: Actor): DiskPathContext => snapshot.context as DiskPathContext;
