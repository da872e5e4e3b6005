// Drains and leaving are in no hurry: paths go a few at a time, so that each is without service as short as if it
// moved alone. Ten paths that close together would all wait for the last one's commands.
import { diskOf, type Placement } from '../core/placement.ts';
import type { ClusterView } from '../core/view.ts';
import type { Local, LocalPath } from './local.ts';
import { planReturns } from './returns.ts';

/** A node with this many paths moves one at a time, with twice as many two, so that a drain takes about as long. */
const pathsPerMove = 50;
/** A path that takes longer holds up nothing: whoever should let go of it or take it has trouble of its own. */
const patienceMs = 1_000;

/** Somebody wants this node empty, and its paths served elsewhere meanwhile. */
export const isEmptying = (view: ClusterView, { leaving, node }: Pick<Local, 'leaving' | 'node'>): boolean =>
  leaving || view.drains.has(node);

/** Asked once for each served path that shall be elsewhere: may it go now? */
export function planMoves(view: ClusterView, local: Local, ranks: Placement): (path: LocalPath) => boolean {
  if (!isEmptying(view, local)) return () => false;
  const served = [...local.paths.values()].filter(({ top }) => top === 'enabled' || top === 'releasing').length;
  let room = Math.max(1, Math.ceil(served / pathsPerMove));
  // Disks, each with one path at a time on the way: its initiators go on through the others.
  const moving = new Set<string>();
  for (const path of onTheWay(view, local, ranks)) {
    const sight = `move ${path}@${String(view.locks.get(path)?.modifyIndex ?? 0)}`;
    if (local.elapsedMs(sight) >= patienceMs) continue;
    room -= 1;
    moving.add(diskOf(path));
  }
  const isAwaited = local.leaving ? () => false : planReturns(view, local);
  return (path) => {
    if (room <= 0 || moving.has(path.disk) || isAwaited(path)) return false;
    room -= 1;
    moving.add(path.disk);
    return true;
  };
}

/** Paths between this node and the next one: being released, released but not yet seen so, or free to be taken. */
function onTheWay(view: ClusterView, local: Local, ranks: Placement): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { top, context, disk, index } of local.paths.values()) {
    const id = `${disk}/${String(index)}`;
    const holder = view.locks.get(id)?.holder ?? null;
    const isReleased = top === 'unlocked' && holder !== null && holder === local.session;
    if (top === 'releasing' || context.giveUp !== null || isReleased) paths.add(id);
  }
  for (const [id, takers] of ranks) if (takers.length > 0) paths.add(id);
  return paths;
}
