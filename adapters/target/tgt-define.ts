// Which commands lead from what tgtd has to a whole target. A pure plan, then its execution in order.
import type { Backing, TargetSpec } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { shareDeadline } from '../run.ts';
import { type Chap, chapSecrets, type Credentials, passwordsOf } from './chap-secret.ts';
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
  const never = unusable(spec) ?? unopenable(spec.backing);
  const id = targetId(spec.wwn);
  if (never !== null || id === null) return refused(never ?? 'no target number');
  const chap = await chapSecrets(spec.access);
  if (chap.kind !== 'done') return chap;
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
  for (const argv of plan({ spec, id, flags, chap: chap.value }, now)) {
    const changed = await admin.change(argv, left(), passwordsOf(chap.value));
    if (changed.kind !== 'done') return changed;
  }
  return done(null);
}

/** Why tgtd could not open it through librbd, or null. */
function unopenable(backing: Backing): string | null {
  if (backing.kind !== 'rbd') return null;
  if (backing.path.split('/').length !== 2) return `tgt can open no image in a namespace, as ${backing.path} is`;
  // tgtadm divides its parameters at commas, and the rbd backing store its own at semicolons.
  return /[,;\n]/.test(backing.conf + backing.id) ? `${backing.conf} has a comma or a semicolon in its name` : null;
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
  const lun = named?.luns.get(1);
  const path = lun?.get('Backing store path');
  const isThroughLibrbd = lun?.get('Backing store type') === 'rbd';
  if (path === undefined) return null;
  const isSame = path === spec.backing.path && isThroughLibrbd === (spec.backing.kind === 'rbd');
  return isSame ? null : `LUN 1 of ${spec.iqn} serves ${path}${isThroughLibrbd ? ' through librbd' : ''}`;
}

interface Wanted {
  readonly spec: TargetSpec;
  readonly id: number;
  readonly flags: BackingFlags;
  readonly chap: Chap | null;
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
    ...(disk?.get('SCSI SN') === spec.wwn ? [] : [leaveWaitToInitiators(id), nameDisk(wanted)]),
    ...accountPlan(wanted, existing, now),
    ...accessPlan(wanted, existing),
  ];
}

const on = (mode: string, op: string, id: number, ...rest: string[]): Argv =>
  ['--mode', mode, '--op', op, '--tid', String(id)].concat(rest);

function newDisk({ spec: { backing }, id, flags }: Wanted): Argv {
  const opened = on('logicalunit', 'new', id, '--lun', '1', '--backing-store', backing.path);
  if (backing.kind !== 'rbd') return [...opened, '--bsoflags', flags];
  return [...opened, '--bstype', 'rbd', '--bsopts', `conf=${backing.conf};id=${backing.id}`];
}

/** Before an initiator comes back, it waits for the longer one of the two wishes. tgtd would ask for 2 s. */
const leaveWaitToInitiators = (id: number): Argv =>
  on('target', 'update', id, '--name', 'DefaultTime2Wait', '--value', '0');

// The serial number is last: it is what is read back to see that all before it was done.
function nameDisk({ spec: { wwn }, id }: Wanted): Argv {
  const names = ['vendor_id=PATHWRDN', 'product_id=DISK', `scsi_id=PATHWRDN${wwn}`, `scsi_sn=${wwn}`];
  return on('logicalunit', 'update', id, '--lun', '1', '--params', names.join(','));
}

function accountPlan({ id, chap }: Wanted, existing: TgtTarget | undefined, now: Now): readonly Argv[] {
  const incoming = boundPlan(id, chap, existing?.accounts ?? [], now);
  const target = existing?.outgoing ?? null;
  const mutual = chap?.mutual ?? null;
  // tgtd takes one at a time.
  const unbind =
    target === null || target === mutual?.user
      ? []
      : [on('account', 'unbind', id, '--user', target, '--outgoing')];
  const bound = target !== null && target === mutual?.user ? [target] : [];
  return [...incoming, ...unbind, ...boundPlan(id, mutual, bound, now, ['--outgoing'])];
}

function boundPlan(
  id: number,
  wanted: Credentials | null,
  bound: readonly string[],
  now: Now,
  how: Argv = [],
): readonly Argv[] {
  const others = bound.filter((name) => name !== wanted?.user);
  const unbind = others.map((name) => on('account', 'unbind', id, '--user', name));
  if (wanted === null || bound.includes(wanted.user)) return unbind;
  const { user, password } = wanted;
  // tgtd keeps one secret per user and does not show it. One that nobody uses may be an old one: it is made anew.
  const inUse = now.targets.some(({ accounts, outgoing }) => accounts.includes(user) || outgoing === user);
  const forget = ['--mode', 'account', '--op', 'delete', '--user', user];
  const make = ['--mode', 'account', '--op', 'new', '--user', user, '--password', password];
  const left = now.accounts.includes(user);
  return [
    ...(left && !inUse ? [forget] : []),
    ...(left && inUse ? [] : [make]),
    on('account', 'bind', id, '--user', user, ...how),
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
