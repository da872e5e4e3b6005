// One row per path, the same in every list.
import type { PathSummary } from '../ports/inspector.ts';
import { nameOf } from './find.ts';
import { table } from './output.ts';

export function pathTable(paths: readonly PathSummary[], node: string): string {
  return table(['PATH', 'IP', 'OWNER', `STATE ON ${node}`, 'REMARKS'], paths.map(row), 'no paths');
}

function row(path: PathSummary): readonly string[] {
  return [nameOf(path), path.ip, path.owner ?? '-', path.local?.state ?? '-', remarks(path).join('; ')];
}

function remarks({ pendingExclusion, moving, local, waits }: PathSummary): readonly string[] {
  const lines: string[] = [];
  if (local?.tags.includes('needsOperator') === true) lines.push('needs an operator: see `pathwarden path explain`');
  if (waits !== null) lines.push(`waits: ${waits}`);
  else if (pendingExclusion !== null) lines.push(`${pendingExclusion.node} must be proven unable to write first`);
  if (moving !== null) {
    const to = moving.to === null ? '' : ` to ${moving.to}`;
    lines.push(`moves from ${moving.from}${to} (${moving.by}: ${moving.reason})`);
  }
  return lines;
}
