// What a path waits for because of maintenance, said to people.
import { maintenanceOf, maintenanceOver, unprovenOwner, type Maintenance } from '../core/maintenance.ts';
import { willingNodes } from '../core/placement.ts';
import type { ClusterView } from '../core/view.ts';

/** In one sentence; null when it does not wait because of maintenance. */
export function waitsFor(view: ClusterView, id: string): string | null {
  const lock = view.locks.get(id);
  const lost = lock === undefined ? null : unprovenOwner(view, lock);
  const over = lost === null ? null : maintenanceOver(view, lost.node);
  if (lost !== null && over !== null) {
    return `${sentenceOf(over)}. ${lost.node} may still write and is not fenced meanwhile; ${howItEnds(over)}`;
  }
  const isFree = (lock?.holder ?? null) === null && lost === null;
  const held = isFree && isStarted(view, id) && willingNodes(view).length === 0 ? livingInMaintenance(view) : null;
  return held === null ? null : `${sentenceOf(held)}. No other node may take the path; ${howItEnds(held)}`;
}

/** `maintenance of node n1 by ada since 2026-01-31 12:03 UTC: new memory` */
export function sentenceOf({ of, by, reason, at }: Maintenance): string {
  const since = new Date(at).toISOString().replace('T', ' ').slice(0, 16);
  return `maintenance of ${of === null ? 'the cluster' : `node ${of}`} by ${by} since ${since} UTC: ${reason}`;
}

const howItEnds = ({ of }: Maintenance): string =>
  `end it with: pathwarden maintenance off${of === null ? '' : ` --node ${of}`}`;

function isStarted(view: ClusterView, id: string): boolean {
  const [disk = ''] = id.split('/', 1);
  return view.disks.get(disk)?.value.desired === 'started';
}

function livingInMaintenance(view: ClusterView): Maintenance | null {
  const name = [...view.nodes].find(([node, { session }]) => session !== null && view.maintenance.has(node))?.[0];
  return name === undefined ? null : maintenanceOf(view, name);
}
