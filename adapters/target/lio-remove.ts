// Removes a target and its device. What may wait for the storage is done by disabling, where a hang holds up nobody:
// whatever is removed after that has no commands, because a removal that hangs holds up every other one in the kernel.
import { done, type Outcome, refused } from '../../src/ports/outcome.ts';
import type { Configfs } from './configfs.ts';
import { groupsNow, silence } from './lio-close.ts';
import { planDeviceRemoval } from './lio-device.ts';
import { planRemoval } from './lio-group-plan.ts';
import { deviceOf, type Group } from './lio-group.ts';
import { type Device, deviceAt, targetFolder } from './lio-names.ts';
import type { Left } from '../turns.ts';

interface Target {
  readonly disk: string;
  readonly iqn: string;
}

export async function remove(kernel: Configfs, { disk, iqn }: Target, left: Left): Promise<Outcome> {
  const groups = await groupsNow(kernel, iqn, left);
  if (groups.kind !== 'done') return groups;
  const strange = strangeIn(groups.value, disk);
  if (strange !== null) return refused(`${strange} of ${iqn} is not ours: the target is left as it is`);
  const quiet = await Promise.all(groups.value.map((group) => silence(kernel, iqn, group, left)));
  const busy = quiet.find((outcome) => outcome.kind !== 'done');
  if (busy !== undefined) return busy;
  const devices = await devicesOf(kernel, disk, groups.value, left);
  if (devices.kind !== 'done') return devices;
  return kernel.change(
    [
      ...groups.value.flatMap((group) => planRemoval(iqn, group)),
      { remove: targetFolder(iqn) },
      ...devices.value.flatMap(planDeviceRemoval),
    ],
    left(),
  );
}

function strangeIn(groups: readonly Group[], disk: string): string | null {
  const luns = groups.flatMap((group) => [...group.luns]);
  return luns.find(([, links]) => [...links.values()].some((link) => deviceAt(link)?.disk !== disk))?.[0] ?? null;
}

/** A target without LUN does not say where its device is: then all are looked through. */
async function devicesOf(
  kernel: Configfs,
  disk: string,
  groups: readonly Group[],
  left: Left,
): Promise<Outcome<readonly Device[]>> {
  const linked = groups.map(deviceOf).find((device) => device !== null);
  if (linked !== undefined) return done([linked]);
  const looked = await kernel.look([{ folder: 'core', shape: { alua: {}, '*': { '*': {} } } }], left());
  if (looked.kind !== 'done') return looked;
  const found = Object.entries(looked.value[0]?.folders ?? {}).flatMap(([host, { folders }]) =>
    Object.keys(folders).map((name) => deviceAt(`${host}/${name}`)),
  );
  return done(found.filter((one) => one !== null).filter((one) => one.disk === disk));
}
