// Who wrote what a key says now, as far as Consul knows: what "why" is answered with when a change came from outside.
import { wholeCluster, type ClusterView, type PathLock } from '../core/view.ts';
import type { Cause } from '../ports/journal.ts';

/** The write that the key shows now, or that it is not there. */
export function causeOf(view: ClusterView, key: string): Cause {
  const [kind = '', ...rest] = key.split('/');
  const id = rest.join('/');
  const found = writeIn(view, kind, id);
  const by = found?.by ?? null;
  return { kind: 'consul', index: found?.index ?? view.index, key, ...(by === null ? {} : { by }) };
}

interface Write {
  readonly index: number;
  readonly by: string | null;
}

function writeIn(view: ClusterView, kind: string, id: string): Write | null {
  const lock = view.locks.get(id);
  const node = view.nodes.get(id);
  const exclusion = view.exclusions.get(id);
  const wish = wishIn(view, kind, id);
  if (kind === 'paths' && lock !== undefined) return { index: lock.modifyIndex, by: lockWriter(view, lock) };
  if (kind === 'nodes' && node !== undefined) {
    const ended = node.session === null && !node.record.leaving;
    return { index: node.modifyIndex, by: ended ? endOf(id) : `node ${id}` };
  }
  if (kind === 'exclusions') {
    if (exclusion !== undefined) return { index: exclusion.modifyIndex, by: exclusion.value.by };
    // Nobody proved anything yet: it is the lock that says who was lost.
    const lock = [...view.locks.values()].find(({ evidence }) => evidence?.session === id);
    return lock === undefined ? null : { index: lock.modifyIndex, by: endOf(lock.evidence?.node ?? '?') };
  }
  if (wish !== undefined) {
    return { index: wish.modifyIndex, by: `${wish.value.by} (${wish.value.reason})` };
  }
  const disk = kind === 'disks' ? view.disks.get(id) : undefined;
  return disk === undefined ? null : { index: disk.modifyIndex, by: null };
}

function wishIn(view: ClusterView, kind: string, id: string) {
  if (kind === 'drains') return view.drains.get(id);
  if (kind === 'moves') return view.moves.get(id);
  return kind === 'maintenance' || kind === 'settings'
    ? view.maintenance.get(kind === 'settings' ? wholeCluster : id)
    : undefined;
}

function lockWriter(view: ClusterView, lock: PathLock): string | null {
  if (lock.holder !== null) return `node ${lock.node ?? '?'}`;
  if (lock.node !== null) return endOf(lock.node);
  if (lock.evidence !== null) return `an owner that gave it back before ${lock.evidence.node} was proven gone`;
  const move = view.moves.get(`${lock.disk}/${String(lock.index)}`)?.value;
  if (move !== undefined) return `node ${move.from}, which gave it back: moved by ${move.by} (${move.reason})`;
  // A clean release leaves no name in the key. Who is to be empty is the likely one, and no proof.
  const drained = [...view.drains].map(([node, { value }]) => `${node} is drained by ${value.by} (${value.reason})`);
  return ['its last owner, which gave it back in order', ...drained].join('; ');
}

const endOf = (node: string): string => `Consul, when the session of node ${node} ended`;
