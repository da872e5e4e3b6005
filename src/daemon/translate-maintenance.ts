// Maintenance for a limited time ends when a node has seen it for that long, on a clock that never jumps.
import type { DomainEvent } from '../../machines/intent.ts';
import { actorIds, keys } from '../core/records.ts';
import { wholeCluster, type ClusterView } from '../core/view.ts';
import type { Local } from './local.ts';
import type { Tell } from './told.ts';

const againMs = 1_000;

/** A node that starts anew counts anew: it may end later than asked for, and never earlier. */
export function tellMaintenance(view: ClusterView, local: Local, tell: Tell): void {
  for (const [id, { value, modifyIndex }] of view.maintenance) {
    if (value.forMs === undefined) continue;
    const node = id === wholeCluster ? null : id;
    const key = keys.maintenance(node);
    const sight = `${key}@${String(modifyIndex)}`;
    if (local.remainingMs(sight, value.forMs) > 0) continue;
    const times = Math.floor(local.elapsedMs(sight) / againMs);
    if (!local.firstTime(`${sight} over ${String(times)}`)) continue;
    tell(actorIds.node, { type: 'maintenance.expired', node, modifyIndex } as DomainEvent, key);
  }
}
