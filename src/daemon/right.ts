// What this node may serve, as far as can be known now. What cannot be known is never acted upon.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import { actorIds, keys } from '../core/records.ts';
import { stateOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { Registry } from './registry.ts';

/** `unclear`: Consul was not asked yet, or nobody can say what it would answer. */
export type Right = 'ours' | 'none' | 'unclear';

/** While it registers it takes no lock: what its session holds it has held since before this daemon started. */
const withLease = new Set(['registering', 'registeringAgain', 'joined', 'leaving']);
/** The last session is over, by Consul's word or by our own deadline, and no other holds a lock yet. */
const withoutLease = new Set([
  'fencing', 'fencingAgain', 'closing', 'closingAgain', 'checking', 'checkingAgain', 'clearing', 'clearingAgain',
  'settling', 'joining', 'joiningAgain',
]);

/** Does this node hold the lock of the path, with nothing of an earlier owner in doubt? */
export function rightTo({ disk, index }: DiskPathContext, registry: Registry, view: ClusterView | null): Right {
  const node = registry.ensure(actorIds.node);
  const state = stateOf(node.snapshot);
  if (withoutLease.has(state)) return 'none';
  if (!withLease.has(state) || view === null) return 'unclear';
  const { session, registeredAt } = node.snapshot.context as NodeContext;
  const key = keys.path(disk, index);
  // A view from before our session was registered says nothing about what it holds.
  if (view.index < registeredAt || view.problems.some((problem) => problem.key === key)) return 'unclear';
  const lock = view.locks.get(`${disk}/${String(index)}`);
  const isOurs = lock !== undefined && lock.holder !== null && lock.holder === session;
  return isOurs && lock.pendingExclusion === null ? 'ours' : 'none';
}
