// Which lost incarnations have to be excluded, and by whom.
import type { Method } from '../../machines/exclusion/events.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { maintenanceOver, unprovenOwner } from '../core/maintenance.ts';
import { rendezvous } from '../core/placement.ts';
import { actorIds, keys } from '../core/records.ts';
import type { ClusterView } from '../core/view.ts';
import type { Local } from './local.ts';
import type { Tell } from './told.ts';

const orphanRetryMs = 1_000;

/** Sessions that are evidence on some lock and not proven yet, with the node each belonged to. */
export function wantedExclusions(view: ClusterView): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  for (const lock of view.locks.values()) {
    const lost = unprovenOwner(view, lock);
    if (lost !== null) wanted.set(lost.session, lost.node);
  }
  return wanted;
}

export function tellExclusions(view: ClusterView, local: Local, tell: Tell): void {
  const wanted = wantedExclusions(view);
  for (const [session, node] of wanted) {
    const key = keys.exclusion(session);
    if (node === local.node) {
      tellOrphan(local, session, key, tell);
      continue;
    }
    const state = local.exclusions.get(session);
    const elected = rendezvous(session, electable(view, node))[0] === local.node;
    const mayBegin = state === undefined || state === 'watching' || state === 'paused';
    if (elected && mayBegin && maintenanceOver(view, node) === null) {
      tell(
        actorIds.exclusion(session),
        { type: 'exclusion.wanted', node, methods: methodsFor(view, node, local) } as DomainEvent,
        key,
      );
    }
    if (!elected && state !== undefined && state !== 'watching' && state !== 'proven') {
      tell(actorIds.exclusion(session), { type: 'exclusion.notElected' }, key);
    }
  }
  for (const [session, state] of local.exclusions) {
    const record = view.exclusions.get(session)?.value;
    if (record?.state === 'proven' && state !== 'proven') {
      const event = { type: 'exclusion.proven', session, method: record.method };
      tell(actorIds.exclusion(session), event, keys.exclusion(session));
    }
  }
}

/**
 * Time proves something only about a node that a watchdog stops in time, and that does not go on without Consul unless
 * we vouch for it. Only its own record can say both.
 */
function methodsFor(view: ClusterView, node: string, { methods, session }: Local): readonly Method[] {
  const record = view.nodes.get(node)?.record;
  const standstillMs = record?.standstillMs ?? Number.POSITIVE_INFINITY;
  const isAsked = record?.asks === undefined || (session !== null && record.asks.includes(session));
  return methods.map((method, position) =>
    method.method !== 'leaseBound' || (isAsked && standstillMs <= method.boundMs)
      ? method
      : { method: 'unfit', position },
  );
}

/** A lost incarnation of this very node: we read back and publish, nobody has to fence us. */
function tellOrphan(local: Local, session: string, key: string, tell: Tell): void {
  if (session === local.session || local.proving.has(session)) return;
  const elapsed = Math.floor(local.elapsedMs(`orphan ${session}`) / orphanRetryMs);
  if (!local.firstTime(`orphan ${session} ${String(elapsed)}`)) return;
  tell(actorIds.node, { type: 'session.orphaned', session } as DomainEvent, key);
}

/** Who lives; rather those whom the lost node asked before it went on without Consul: time proves something to them. */
function electable(view: ClusterView, victim: string): readonly string[] {
  const living = [...view.nodes].filter(([name, { session }]) => name !== victim && session !== null);
  const asks = view.nodes.get(victim)?.record.asks;
  const asked = living.filter(([, { session }]) => session !== null && asks?.includes(session) === true);
  return (asked.length > 0 ? asked : living).map(([name]) => name);
}
