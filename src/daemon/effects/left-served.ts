// What is served here although no actor of this daemon holds it: left by an earlier incarnation, or put there by hand.
import type { DiskPathContext } from '../../../machines/disk-path/setup.ts';
import type { PathSettings } from '../../../machines/disk-path/events.ts';
import { actorIds } from '../../core/records.ts';
import { stateOf } from '../../core/state.ts';
import { viewParser, type ClusterView } from '../../core/view.ts';
import { done, type Outcome } from '../../ports/outcome.ts';
import { addressKey, portalKey, type Sight } from '../observer.ts';
import { pathSettings } from '../specified.ts';
import { consulOptions, type EffectParts } from './parts.ts';

/** The specifications as they are now: a journal that was restored or lost does not know every path of ours. */
export async function readView(parts: EffectParts): Promise<Outcome<ClusterView>> {
  const list = await parts.cluster.list(consulOptions(parts));
  return list.kind === 'done' ? done(viewParser()(list.value)) : list;
}

/** A path whose IP or portal is here although its actor holds nothing, or does not know of it; null: there is none. */
export async function servedWithoutRight(parts: EffectParts, view: ClusterView): Promise<Outcome<string | null>> {
  const sight = await parts.observer.look();
  return sight.kind === 'done' ? done(leftServed(sight.value, parts, view)) : sight;
}

type Known = Pick<EffectParts, 'registry' | 'settings'>;

/** The same in what was seen. */
export function leftServed(sight: Sight, { registry, settings }: Known, view: ClusterView): string | null {
  const held = new Set<string>();
  const known: [string, PathSettings][] = [];
  for (const { id, snapshot } of registry.all()) {
    if (!id.startsWith('path/')) continue;
    const { settings: place } = snapshot.context as DiskPathContext;
    if (place === null) continue;
    if (holdsLocally(id, stateOf(snapshot))) held.add(addressKey(place)).add(portalKey(place.ip, place.port));
    else known.push([id, place]);
  }
  for (const [disk, { value }] of view.disks) {
    for (const path of value.paths) {
      known.push([actorIds.path(disk, path.index), pathSettings(value, path, settings.portalPort)]);
    }
  }
  const isHere = (place: PathSettings): boolean => {
    const [address, portal] = [addressKey(place), portalKey(place.ip, place.port)];
    return (sight.addresses.has(address) && !held.has(address)) || (sight.portals.has(portal) && !held.has(portal));
  };
  return known.find(([, place]) => isHere(place))?.[0] ?? null;
}

const holding = ['mapped', 'enabled', 'releasing', 'fenced'];
export const holdsLocally = (id: string, state: string) =>
  id.startsWith('path/') && holding.some((top) => state === top || state.startsWith(`${top}.`));
