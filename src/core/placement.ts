// Who takes a free path: scoring instead of sleeping. Pure: every node computes the same answer from the same view.
import type { ClusterView } from './view.ts';

/** For each free path, by `disk/index`: the nodes that may take it, best first. */
export type Placement = ReadonlyMap<string, readonly string[]>;

/** Nodes that live, are gateways, and neither drain nor leave nor are in maintenance of their own. */
export function willingNodes(view: ClusterView): readonly string[] {
  return [...view.nodes]
    .filter(
      ([name, { session, record }]) =>
        session !== null && !record.leaving && record.roles.includes('gateway') && !view.drains.has(name) &&
        !view.maintenance.has(name),
    )
    .map(([name]) => name)
    .sort();
}

/** Paths of started disks that nobody holds. */
export function freePaths(view: ClusterView): readonly string[] {
  const free: string[] = [];
  for (const [disk, { value }] of view.disks) {
    if (value.desired !== 'started') continue;
    for (const { index } of value.paths) {
      const id = `${disk}/${String(index)}`;
      if ((view.locks.get(id)?.holder ?? null) === null) free.push(id);
    }
  }
  return free.sort();
}

/**
 * Ranks by paths of the same disk already there, then total paths there, then a rendezvous hash.
 * Paths handed out earlier in the same pass count, so that many orphans spread.
 */
export function place(view: ClusterView): Placement {
  const willing = willingNodes(view);
  const load = currentLoad(view);
  const placement = new Map<string, readonly string[]>();
  for (const id of freePaths(view)) {
    const move = view.moves.get(id)?.value;
    const candidates = willing.filter((node) => node !== move?.from);
    const ranked = rank(id, candidates, load, move?.to);
    placement.set(id, ranked);
    if (ranked[0] !== undefined) load.add(ranked[0], diskOf(id));
  }
  return placement;
}

/** For each free path: how many others its best node was given before it. Nodes with much to take need longer. */
export function queuePositions(placement: Placement): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  const positions = new Map<string, number>();
  for (const [id, [best]] of placement) {
    if (best === undefined) continue;
    const position = lengths.get(best) ?? 0;
    positions.set(id, position);
    lengths.set(best, position + 1);
  }
  return positions;
}

export const diskOf = (id: string) => id.slice(0, id.lastIndexOf('/'));

function rank(id: string, nodes: readonly string[], load: Load, preferred: string | undefined): readonly string[] {
  const disk = diskOf(id);
  const scored = nodes.map((node) => ({
    node,
    asked: node === preferred ? 0 : 1,
    siblings: load.of(node, disk),
    total: load.total(node),
    hash: hash(`${id} ${node}`),
  }));
  scored.sort((a, b) => a.asked - b.asked || a.siblings - b.siblings || a.total - b.total || b.hash - a.hash);
  return scored.map(({ node }) => node);
}

interface Load {
  add(node: string, disk: string): void;
  of(node: string, disk: string): number;
  total(node: string): number;
}

function currentLoad(view: ClusterView): Load {
  const totals = new Map<string, number>();
  const byDisk = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const load: Load = {
    add: (node, disk) => (count(totals, node), count(byDisk, `${node} ${disk}`), undefined),
    of: (node, disk) => byDisk.get(`${node} ${disk}`) ?? 0,
    total: (node) => totals.get(node) ?? 0,
  };
  for (const { holder, node, disk } of view.locks.values()) {
    if (holder !== null && node !== null) load.add(node, disk);
  }
  return load;
}

/** The same order of the names on every node, another one for each subject. */
export const rendezvous = (subject: string, names: readonly string[]): readonly string[] =>
  [...names].sort((a, b) => hash(`${subject} ${b}`) - hash(`${subject} ${a}`) || (a < b ? -1 : 1));

/** FNV-1a, 32 bits: the same number on every node and in every version. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
