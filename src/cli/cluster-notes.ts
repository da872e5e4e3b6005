// What a reader of any list must not miss: the view is old, or keys were skipped.
import type { ClusterSummary } from '../ports/inspector.ts';
import { duration } from './output.ts';

/** Lines to put below a list, with the line feeds before them; empty when all is well. */
export function clusterNotes({ trouble, ageMs, problems, node }: ClusterSummary): string {
  const lines = problems.map(({ key, reason }) => `skipped ${key}: ${reason}`);
  if (trouble !== null) lines.unshift(`${node} last heard from Consul ${duration(ageMs)} ago: ${trouble}`);
  return lines.length === 0 ? '' : `\n\n${lines.join('\n')}`;
}
