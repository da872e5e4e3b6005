// Looks things up in the cluster summary, and names the near ones when there is no such thing.
import { PathwardenError } from '../errors.ts';
import type { ClusterSummary, DiskSummary, NodeSummary, PathSummary } from '../ports/inspector.ts';

export function findDisk({ disks }: ClusterSummary, id: string): DiskSummary {
  const disk = disks.find((one) => one.disk === id);
  if (disk !== undefined) return disk;
  throw missing('disk', id, disks.map((one) => one.disk));
}

export function findNode({ nodes }: ClusterSummary, name: string): NodeSummary {
  const node = nodes.find((one) => one.node === name);
  if (node !== undefined) return node;
  throw missing('node', name, nodes.map((one) => one.node));
}

export function findPath(cluster: ClusterSummary, id: PathId): PathSummary {
  const { paths } = findDisk(cluster, id.disk);
  const path = paths.find((one) => one.index === id.index);
  if (path !== undefined) return path;
  throw missing('path', nameOf(id), paths.map(nameOf));
}

export interface PathId {
  readonly disk: string;
  readonly index: number;
}

export const nameOf = ({ disk, index }: PathId): string => `${disk}/${String(index)}`;

/** `00001/1` */
export function parsePathId(text: string): PathId {
  const [, disk, index] = /^(?:path\/)?([^/]+)\/(\d+)$/.exec(text) ?? [];
  if (disk !== undefined && index !== undefined) return { disk, index: Number(index) };
  const message = `A path is named by disk and number, as in 00001/1, not ${text}`;
  throw new PathwardenError('USAGE_INVALID', message, { path: text });
}

function missing(what: string, name: string, known: readonly string[]): PathwardenError {
  const some = known.slice(0, 10).join(', ') + (known.length > 10 ? ', …' : '');
  const hint = known.length === 0 ? `there is no ${what} at all` : `there is: ${some}`;
  return new PathwardenError('NOT_FOUND', `There is no ${what} ${name}; ${hint}`, { [what]: name });
}
