// What every target refuses to define, whatever it is made of.
import type { TargetSight, TargetSpec } from '../../src/ports/dataplane.ts';

/**
 * A number that tells disks apart and is the same on every node, or null when the wwn gives none.
 * tgtd derives the NAA name by which initiators recognise a disk from the target's number, and nothing can override it.
 */
export function targetId(wwn: string): number | null {
  if (!/^[0-9a-fA-F]{16}$/.test(wwn)) return null;
  const id = Number.parseInt(wwn.slice(-8), 16) & 0x7f_ff_ff_ff;
  return id === 0 ? null : id;
}

/** How the twins see a target that they define: always whole, and open to whom its rules name. */
export const sightOf = ({ iqn, wwn, access }: TargetSpec, sessions: number): TargetSight => ({
  iqn,
  sessions,
  logins: [],
  accepts: true,
  wwn,
  rules: {
    initiators: access.initiators.length === 0 ? null : access.initiators,
    users: access.chap === undefined ? [] : [access.chap.user],
  },
});

/** Why no target can be made of it, or null. */
export function unusable({ wwn, iqn, access, backing }: TargetSpec): string | null {
  const names = [iqn, ...access.initiators];
  const odd = names.find((name) => !/^(iqn|eui|naa)\.[a-zA-Z0-9.:-]+$/.test(name));
  if (odd !== undefined) return `${odd} is not an iSCSI name`;
  if (targetId(wwn) === null) return `wwn ${wwn} of ${iqn} is not 16 hex digits that end in more than zeros`;
  // tgtadm joins its parameters with commas, so one inside a value would start another parameter.
  if (!/^[^,\n]+$/.test(backing.path)) return `image path ${backing.path} of ${iqn} has a comma or a line break`;
  const users = access.chap === undefined ? [] : [access.chap.user, access.chap.mutual?.user ?? 'none'];
  // tgtd keeps one secret for each name, and the two must not be one.
  if (users[0] !== undefined && users[0] === access.chap?.mutual?.user) {
    return `CHAP user ${users[0]} of ${iqn} is both of the initiator and of the target`;
  }
  const strange = users.find((user) => !/^[^,\s]+$/.test(user));
  return strange === undefined ? null : `CHAP user ${strange} of ${iqn} has a comma or a space`;
}

/** Why the twins do not define it, or null. */
export function conflictAmong(spec: TargetSpec, defined: Iterable<TargetSpec>): string | null {
  const never = unusable(spec);
  if (never !== null) return never;
  const id = targetId(spec.wwn);
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
