// Makes the target of a disk: its device, and a portal group that holds its rules from the start. Both are read back.
import type { TargetSpec } from '../../src/ports/dataplane.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { type Chap, chapSecrets, passwordsOf } from './chap-secret.ts';
import type { Folder, Step } from './configfs-protocol.ts';
import type { Configfs, Tree } from './configfs.ts';
import { targetId, unusable } from './definition.ts';
import { deviceIn, hostShape, planDevice, strangerIn } from './lio-device.ts';
import { planGroup } from './lio-group-plan.ts';
import { type Group, groupsOf, linkOf, type Rules, targetShape } from './lio-group.ts';
import { busyGroups, type Device, deviceFolder, hostFolder, targetFolder } from './lio-names.ts';
import type { Tuning } from './lio-tuning.ts';
import { stillClosing } from './lio-open.ts';
import type { Left } from '../turns.ts';

/** The kernel cuts what is longer, and would serve another file. */
const pathCharactersMax = 255;
const credentialCharactersMax = 255;

export async function define(
  { kernel, tuning }: { kernel: Configfs; tuning: Tuning },
  spec: TargetSpec,
  left: Left,
): Promise<Outcome> {
  const never = unusable(spec) ?? unservable(spec);
  const id = targetId(spec.wwn);
  if (never !== null || id === null) return refused(never ?? 'no number');
  // Its rules can neither be read nor written before that has ended.
  if (busyGroups(kernel.givenUp()).some(({ iqn }) => iqn === spec.iqn)) return stillClosing(spec.iqn);
  const [chap, kind] = await Promise.all([chapSecrets(spec.access), kernel.kindOf(spec.backing.path, left())]);
  if (chap.kind !== 'done') return chap;
  if (kind.kind !== 'done') return kind;
  const { path } = spec.backing;
  // Without this look the kernel would make the file, and serve zeros.
  if (kind.value === 'none') return refused(`image ${path} does not exist`, 'gone');
  if (kind.value === 'other') return refused(`image ${path} is not a regular file or block device`);
  if (passwordsOf(chap.value).some(isTooLong)) return refused(`a CHAP secret of ${spec.iqn} is too long`);
  const device: Device = { plugin: kind.value === 'device' ? 'iblock' : 'fileio', host: id, disk: spec.disk };
  const wanted = { spec, device, rules: wantedRules(spec, chap.value), tuning };
  const now = await read(kernel, wanted, left);
  if (now.kind !== 'done') return now;
  const conflict = conflictOf(wanted, now.value);
  if (conflict !== null) return refused(conflict);
  const changed = await kernel.change(plan(wanted, now.value), left());
  return changed.kind === 'done' ? readBack(kernel, wanted, left) : changed;
}

interface Wanted {
  readonly spec: TargetSpec;
  readonly device: Device;
  readonly rules: Rules;
  readonly tuning: Tuning;
}

interface Now {
  readonly root: Folder;
  readonly host: Tree;
  readonly otherHost: Tree;
  readonly target: Tree;
}

const otherPlugin = (device: Device): Device => ({
  ...device,
  plugin: device.plugin === 'iblock' ? 'fileio' : 'iblock',
});

async function read(kernel: Configfs, { spec, device, tuning }: Wanted, left: Left): Promise<Outcome<Now>> {
  const looked = await kernel.look(
    [
      { folder: '', shape: { iscsi: {} } },
      { folder: hostFolder(device), shape: hostShape(tuning) },
      { folder: hostFolder(otherPlugin(device)), shape: hostShape(tuning) },
      { folder: targetFolder(spec.iqn), shape: targetShape(tuning) },
    ],
    left(),
  );
  if (looked.kind !== 'done') return looked;
  const [root = null, host = null, otherHost = null, target = null] = looked.value;
  if (root === null) return refused('the kernel has no target: load the module target_core_mod', 'missing');
  return done({ root, host, otherHost, target });
}

function conflictOf({ spec, device }: Wanted, { host, otherHost, target }: Now): string | null {
  const other = otherPlugin(device);
  const stranger = strangerIn(host, device) ?? strangerIn(otherHost, other);
  if (stranger !== null) return `wwn ${spec.wwn} of ${spec.iqn} is taken by ${stranger}: two disks would look like one`;
  const { path } = spec.backing;
  if (deviceIn(otherHost, other) !== null) return `${path} was a ${other.plugin} device and is one no more`;
  const existing = deviceIn(host, device);
  if (existing?.whole === true && existing.path !== path) return `LUN 1 of ${spec.iqn} serves ${existing.path}`;
  if (existing?.whole === true && existing.serial !== spec.wwn && existing.serial !== '') {
    return `${deviceFolder(device)} has the wwn ${existing.serial}: initiators would see another disk`;
  }
  const served = (target === null ? [] : groupsOf(target)).map(linkOf).filter((link) => link !== null);
  const strange = served.find((link) => `core/${link}` !== deviceFolder(device));
  return strange === undefined ? null : `LUN 1 of ${spec.iqn} serves ${strange}`;
}

function plan({ spec, device, rules, tuning }: Wanted, { root, host, target }: Now): Step[] {
  const groups = groupsToBe(target);
  const isServed = groups.some(({ group }) => group !== undefined && linkOf(group) !== null);
  return [
    ...(root.folders['iscsi'] === undefined ? [{ make: 'iscsi' }] : []),
    ...planDevice(device, spec, deviceIn(host, device), { tuning, isServed }),
    ...(target === null ? [{ make: targetFolder(spec.iqn) }] : []),
    ...groups.flatMap(({ tag, group }) => planGroup(spec.iqn, tag, { rules, device, tuning }, group)),
  ];
}

/** A target without a group gets one, so that its rules are somewhere: paths that open later take them from it. */
function groupsToBe(target: Tree): readonly { tag: number; group?: Group }[] {
  const groups = target === null ? [] : groupsOf(target);
  return groups.length === 0 ? [{ tag: 1 }] : groups.map((group) => ({ tag: group.tag, group }));
}

async function readBack(kernel: Configfs, wanted: Wanted, left: Left): Promise<Outcome> {
  const now = await read(kernel, wanted, left);
  if (now.kind !== 'done') return now;
  const [missing] = plan(wanted, now.value);
  if (missing === undefined) return done(null);
  return unknown(`${Object.values(missing)[0] ?? ''} is not as it was written`);
}

const wantedRules = ({ access: { initiators } }: TargetSpec, chap: Chap | null): Rules => ({
  initiators: initiators.length === 0 ? null : initiators,
  chap,
});

/** Why the kernel could never serve it, or null. */
function unservable({ iqn, backing, access }: TargetSpec): string | null {
  if (backing.kind === 'rbd') return `the kernel's target cannot open ${backing.path}: set ceph.via to krbd or nbd`;
  if (backing.path.length > pathCharactersMax) return `the path of the image of ${iqn} is too long`;
  const users = [access.chap?.user ?? '', access.chap?.mutual?.user ?? ''];
  return users.some(isTooLong) ? `a CHAP user of ${iqn} is too long` : null;
}

const isTooLong = (credential: string): boolean => credential.length > credentialCharactersMax;
