// Which commands lead from what tgtd has to a whole target. A pure plan, then its execution in order.
import { readFile } from 'node:fs/promises';
import type { AccessRules, TargetSpec } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { shareDeadline } from '../run.ts';
import { targetId, unusable } from './definition.ts';
import { portalsWithoutWildcard, type TgtAdmin } from './tgt-admin.ts';
import type { TgtTarget } from './tgt-show.ts';

export type BackingFlags = 'sync:direct' | 'sync' | 'direct';

type Argv = readonly string[];

export async function define(
  admin: TgtAdmin,
  spec: TargetSpec,
  flags: BackingFlags,
  options: CallOptions,
): Promise<Outcome> {
  const left = shareDeadline(options);
  const never = unusable(spec);
  const id = targetId(spec.wwn);
  if (never !== null || id === null) return refused(never ?? 'no target number');
  const secret = await readSecret(spec.access);
  if (secret.kind !== 'done') return secret;
  // Which accounts there are matters only to a disk that has one.
  const known = spec.access.chap === undefined ? done<readonly string[]>([]) : admin.accounts(left());
  const allowed = portalsWithoutWildcard(admin, left());
  const [portals, targets, accounts] = await Promise.all([allowed, admin.targets(left()), known]);
  if (portals.kind !== 'done') return portals;
  if (targets.kind !== 'done') return targets;
  if (accounts.kind !== 'done') return accounts;
  const conflict = conflictOf(spec, id, targets.value);
  if (conflict !== null) return refused(conflict);
  const now = { targets: targets.value, accounts: accounts.value };
  for (const argv of plan({ spec, id, flags, secret: secret.value }, now)) {
    const changed = await admin.change(argv, left(), secret.value === null ? [] : [secret.value]);
    if (changed.kind !== 'done') return changed;
  }
  return done(null);
}

export const stateArgv = (id: number, state: 'ready' | 'offline'): Argv =>
  on('target', 'update', id, '--name', 'state', '--value', state);

function conflictOf(spec: TargetSpec, id: number, targets: readonly TgtTarget[]): string | null {
  const named = targets.find(({ iqn }) => iqn === spec.iqn);
  const numbered = targets.find((target) => target.id === id);
  if (named !== undefined && named.id !== id) {
    return `target ${spec.iqn} exists with number ${named.id} instead of ${id}: initiators would see another disk`;
  }
  if (numbered !== undefined && numbered.iqn !== spec.iqn) {
    return `target number ${id} of wwn ${spec.wwn} is taken by ${numbered.iqn}: the two disks would look like one`;
  }
  const path = named?.luns.get(1)?.get('Backing store path');
  return path === undefined || path === spec.backing.path ? null : `LUN 1 of ${spec.iqn} serves ${path}`;
}

interface Wanted {
  readonly spec: TargetSpec;
  readonly id: number;
  readonly flags: BackingFlags;
  readonly secret: string | null;
}

interface Now {
  readonly targets: readonly TgtTarget[];
  readonly accounts: readonly string[];
}

/**
 * The access rules come last: without one, tgtd lets nobody in, so a target is out of reach until it is whole.
 * A ready target with its LUN and rules is one that is open, and stays so.
 */
function plan(wanted: Wanted, now: Now): readonly Argv[] {
  const { spec, id } = wanted;
  const existing = now.targets.find(({ iqn }) => iqn === spec.iqn);
  const disk = existing?.luns.get(1);
  const whole = disk !== undefined && existing !== undefined && existing.access.length > 0;
  return [
    ...(existing === undefined ? [on('target', 'new', id, '--targetname', spec.iqn)] : []),
    ...(whole || existing?.state === 'offline' ? [] : [stateArgv(id, 'offline')]),
    ...(disk === undefined ? [newDisk(wanted)] : []),
    ...(disk?.get('SCSI SN') === spec.wwn ? [] : [nameDisk(wanted)]),
    ...accountPlan(wanted, existing, now),
    ...accessPlan(wanted, existing),
  ];
}

const on = (mode: string, op: string, id: number, ...rest: string[]): Argv =>
  ['--mode', mode, '--op', op, '--tid', String(id)].concat(rest);

const newDisk = ({ spec, id, flags }: Wanted): Argv =>
  on('logicalunit', 'new', id, '--lun', '1', '--backing-store', spec.backing.path, '--bsoflags', flags);

// The serial number is last: it is what is read back to see that all of them were set.
function nameDisk({ spec: { wwn }, id }: Wanted): Argv {
  const names = ['vendor_id=PATHWRDN', 'product_id=DISK', `scsi_id=PATHWRDN${wwn}`, `scsi_sn=${wwn}`];
  return on('logicalunit', 'update', id, '--lun', '1', '--params', names.join(','));
}

function accountPlan({ spec, id, secret }: Wanted, existing: TgtTarget | undefined, now: Now): readonly Argv[] {
  const bound = existing?.accounts ?? [];
  const user = spec.access.chap?.user;
  const unbind = bound.filter((name) => name !== user).map((name) => on('account', 'unbind', id, '--user', name));
  if (user === undefined || secret === null || bound.includes(user)) return unbind;
  // tgtd keeps one secret per user and does not show it. One that nobody uses may be an old one: it is made anew.
  const inUse = now.targets.some(({ accounts }) => accounts.includes(user));
  const forget = ['--mode', 'account', '--op', 'delete', '--user', user];
  const make = ['--mode', 'account', '--op', 'new', '--user', user, '--password', secret];
  const left = now.accounts.includes(user);
  return [
    ...(left && !inUse ? [forget] : []),
    ...(left && inUse ? [] : [make]),
    on('account', 'bind', id, '--user', user),
    ...unbind,
  ];
}

function accessPlan({ spec, id }: Wanted, existing: TgtTarget | undefined): readonly Argv[] {
  const wanted = spec.access.initiators.length === 0 ? ['ALL'] : spec.access.initiators;
  const present = existing?.access ?? [];
  const rule = (op: 'bind' | 'unbind', who: string): Argv =>
    on('target', op, id, /^(iqn|eui|naa)\./.test(who) ? '--initiator-name' : '--initiator-address', who);
  return [
    ...wanted.filter((who) => !present.includes(who)).map((who) => rule('bind', who)),
    ...present.filter((who) => !wanted.includes(who)).map((who) => rule('unbind', who)),
  ];
}

async function readSecret({ chap }: AccessRules): Promise<Outcome<string | null>> {
  if (chap === undefined) return done(null);
  try {
    const secret = (await readFile(chap.secretFile, 'utf8')).replace(/\r?\n$/, '');
    // A comma would end the secret early and start another parameter of tgtadm.
    if (/^[^,\s]+$/.test(secret)) return done(secret);
    return refused(`secret file ${chap.secretFile} of CHAP user ${chap.user} is empty or has a comma or space in it`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return refused(`secret file ${chap.secretFile} of CHAP user ${chap.user} cannot be read: ${code}`);
  }
}
