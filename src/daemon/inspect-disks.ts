// Compares the targets of the node with what its disk actors believe.
import type { DiskContext } from '../../machines/disk/setup.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { DiskSettings } from '../../machines/disk/events.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { sameJson } from '../core/json.ts';
import { stateOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { AccessRules, SeenRules, TargetSight } from '../ports/dataplane.ts';
import type { Actor } from './actor.ts';
import { addressKey, portalKey, type Sight } from './observer.ts';
import type { Registry } from './registry.ts';
import { rightTo } from './right.ts';

export function inspectDisks(
  registry: Registry,
  view: ClusterView | null,
  sight: Sight,
  isSteady: (actor: Actor) => boolean,
  tell: (actor: string, event: DomainEvent) => void,
): void {
  for (const actor of registry.all()) {
    if (!actor.id.startsWith('disk/') || !isSteady(actor)) continue;
    const { disk, settings, users } = actor.snapshot.context as DiskContext;
    if (settings === null) continue;
    const target = sight.targets.get(settings.iqn);
    const state = stateOf(actor.snapshot);
    // The paths of a disk are looked for only when something is not as it should be: nearly never.
    if (state === 'ready' && users.length > 0) {
      const reason = changed(settings, target, () => pathsOf(disk, registry));
      const isOurs = ({ snapshot }: Actor) => rightTo(snapshot.context as DiskPathContext, registry, view) === 'ours';
      if (reason !== null && pathsOf(disk, registry).some(isOurs)) {
        tell(actor.id, { type: 'target.changed', reason } as DomainEvent);
      }
    }
    const isLeft = state === 'detached' && target !== undefined && isMarked(settings, target);
    if (isLeft && pathsOf(disk, registry).every((path) => isPast(path, registry, view, sight))) {
      const reason = `the target ${settings.iqn} is here although no path here needs it`;
      tell(actor.id, { type: 'target.leftover', reason } as DomainEvent);
    }
  }
}

/** What was changed by hand; null when nothing was. */
function changed(
  { iqn, wwn, access }: DiskSettings,
  target: TargetSight | undefined,
  paths: () => readonly Actor[],
): string | null {
  if (target === undefined) return `the target ${iqn} is gone from the node`;
  if (target.wwn !== wwn) return `the LUN of ${iqn} is ${target.wwn === null ? 'gone' : `not that of ${wwn}`}`;
  const different = target.rules === null ? null : differing(target.rules, access as unknown as AccessRules);
  if (different !== null) return `the ${different} of ${iqn} were changed`;
  if (target.accepts || paths().every(({ snapshot }) => stateOf(snapshot) !== 'enabled')) return null;
  return `the target ${iqn} was taken offline`;
}

function differing(seen: SeenRules, wanted: AccessRules): string | null {
  const initiators = wanted.initiators.length === 0 ? null : wanted.initiators.toSorted();
  if (!sameJson(seen.initiators?.toSorted() ?? null, initiators)) return 'access rules';
  const users = wanted.chap === undefined ? [] : [wanted.chap.user];
  return sameJson(seen.users, users) ? null : 'CHAP users';
}

/** Ours by its name and by the wwn of its disk. One without a disk has no more than its name, and serves nothing. */
const isMarked = ({ wwn }: DiskSettings, target: TargetSight): boolean => target.wwn === null || target.wwn === wwn;

/** Not served here, not being taken here, and Consul says that we have no right to it. */
function isPast(path: Actor, registry: Registry, view: ClusterView | null, sight: Sight): boolean {
  const context = path.snapshot.context as DiskPathContext;
  if (!stateOf(path.snapshot).startsWith('unlocked') || context.settings === null) return false;
  const { settings } = context;
  const isHere =
    sight.addresses.has(addressKey(settings)) || sight.portals.has(portalKey(settings.ip, settings.port));
  return !isHere && rightTo(context, registry, view) === 'none';
}

const pathsOf = (disk: string, registry: Registry): readonly Actor[] =>
  [...registry.all()].filter(
    ({ id, snapshot }) => id.startsWith('path/') && (snapshot.context as DiskPathContext).disk === disk,
  );
