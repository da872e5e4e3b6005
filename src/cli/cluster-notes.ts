// What a reader of any list must not miss: the view is old, or keys were skipped.
import type { ClusterSummary } from '../ports/inspector.ts';
import { maintenanceLine } from './maintenance-line.ts';
import { duration } from './output.ts';

/** Lines to put below a list, with the line feeds before them; empty when all is well. */
export function clusterNotes({ trouble, ageMs, index, problems, node, maintenance }: ClusterSummary): string {
  const lines = problems.map(({ key, reason }) => `skipped ${key}: ${reason}`);
  const heard = index === 0 ? 'has not heard from Consul yet' : `last heard from Consul ${duration(ageMs)} ago`;
  if (trouble !== null) lines.unshift(`${node} ${heard}: ${trouble}`);
  if (maintenance !== null) lines.unshift(`the cluster is in ${maintenanceLine(maintenance)}`);
  return lines.length === 0 ? '' : `\n\n${lines.join('\n')}`;
}
