// What every target refuses to define, whatever it is made of.
import type { TargetSpec } from '../../src/ports/dataplane.ts';

/**
 * A number that tells disks apart and is the same on every node, or null when the wwn gives none.
 * tgtd derives the NAA name by which initiators recognise a disk from the target's number, and nothing can override it.
 */
export function targetId(wwn: string): number | null {
  if (!/^[0-9a-fA-F]{16}$/.test(wwn)) return null;
  const id = Number.parseInt(wwn.slice(-8), 16) & 0x7f_ff_ff_ff;
  return id === 0 ? null : id;
}

export const unusableWwn = ({ wwn, iqn }: TargetSpec): string =>
  `wwn ${wwn} of ${iqn} is not 16 hex digits that end in more than zeros`;

/** Why the twins do not define it, or null. */
export function conflictAmong(spec: TargetSpec, defined: Iterable<TargetSpec>): string | null {
  const id = targetId(spec.wwn);
  if (id === null) return unusableWwn(spec);
  for (const other of defined) {
    if (other.iqn === spec.iqn && other.backing.path !== spec.backing.path) {
      return `LUN 1 of ${spec.iqn} serves ${other.backing.path}`;
    }
    if ((other.iqn === spec.iqn) !== (targetId(other.wwn) === id)) {
      return `wwn ${spec.wwn} of ${spec.iqn} does not go with ${other.iqn}, which has ${other.wwn}`;
    }
  }
  return null;
}
