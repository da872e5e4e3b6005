// Initiators that had a path which went from here: are they back on it, at its new owner?
import { connectedIn, peerIps } from '../core/connections.ts';
import type { ClusterView } from '../core/view.ts';
import type { Local, LocalPath } from './local.ts';

/** By then the new owner has looked who is there: its record may be of the last time that it had the path. */
const lookedMs = 3_000;
/** One that has not come back by then is off, or has no way there. */
const patienceMs = 10_000;

/** For each served path: must it stay because its initiators are still on the way back to another path of its disk? */
export function planReturns(view: ClusterView, local: Local): (path: LocalPath) => boolean {
  const ipsOn = peersByNode(view);
  return ({ disk, index }) => {
    if (ipsOn(local.node, `${disk}/${String(index)}`).size === 0) return false;
    return (view.disks.get(disk)?.value.paths ?? []).some((sibling) => {
      const id = `${disk}/${String(sibling.index)}`;
      const { node = null, modifyIndex = 0 } = view.locks.get(id) ?? {};
      if (node === null || node === local.node) return false;
      // Who was here is written down for a while after the path went.
      const gone = ipsOn(local.node, id);
      if (gone.size === 0) return false;
      const elapsedMs = local.elapsedMs(`return ${id}@${String(modifyIndex)}`);
      const there = ipsOn(node, id);
      const areBack = elapsedMs >= lookedMs && [...gone].every((ip) => there.has(ip));
      return !areBack && elapsedMs < patienceMs;
    });
  };
}

/** Records are long: each is read when it is first asked for, and once. */
function peersByNode({ connections }: ClusterView): (node: string, path: string) => ReadonlySet<string> {
  const records = new Map<string, object>();
  return (node, path) => {
    const record = records.get(node) ?? connectedIn(connections.get(node));
    records.set(node, record);
    return peerIps(record, path);
  };
}
