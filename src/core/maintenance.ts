// Maintenance: nobody is fenced, and nothing is taken whose last owner is not proven unable to write.
import type { Incarnation, MaintenanceRecord } from './records.ts';
import { wholeCluster, type ClusterView, type PathLock } from './view.ts';

export interface Maintenance extends MaintenanceRecord {
  /** The node that it is about; null: the whole cluster. */
  readonly of: string | null;
}

/** The maintenance that keeps this node from being fenced, and its unproven paths from being taken. */
export function maintenanceOver(view: ClusterView, node: string): Maintenance | null {
  return maintenanceOf(view, null) ?? maintenanceOf(view, node);
}

/** That of the whole cluster (null), or a node's own. */
export function maintenanceOf(view: ClusterView, of: string | null): Maintenance | null {
  const found = view.maintenance.get(of ?? wholeCluster)?.value;
  return found === undefined ? null : { of, ...found };
}

/** The last owner that may still write, as far as Consul says; null when none is in doubt. */
export function unprovenOwner(view: ClusterView, lock: PathLock): Incarnation | null {
  const lost = lock.holder === null ? lock.evidence : lock.pendingExclusion;
  if (lost === null || view.exclusions.get(lost.session)?.value.state === 'proven') return null;
  return view.nodes.get(lost.node)?.session === lost.session ? null : lost;
}
