// Which steps make a portal group what it should be, or take it away. Pure.
import type { Chap } from './chap-secret.ts';
import type { Step } from './configfs-protocol.ts';
import { type Attribute, deviceOf, type Entry, type Group, type Rules, unset } from './lio-group.ts';
import { type Device, deviceFolder, groupFolder, lunName, sameDevice } from './lio-names.ts';
import { type Tuning, tuningSteps } from './lio-tuning.ts';

interface Wanted {
  readonly rules: Rules;
  readonly device: Device;
  readonly tuning?: Tuning;
}

/**
 * The steps to a group with these rules, none when it has them. A new group lets nobody in until its rules are whole;
 * LUN 1 comes after them, and only what maps it to the initiators after that. Whoever is struck off the list loses the
 * session: an entry can only be removed safely when no command of it is under way, and the kernel waits for that when
 * the group is disabled.
 */
export function planGroup(iqn: string, tag: number, { rules, device, tuning }: Wanted, now?: Group): Step[] {
  const folder = groupFolder(iqn, tag);
  const put = (name: string, text: string): Step => ({ write: `${folder}/${name}`, text });
  const attribute = (name: Attribute, text: string): Step[] =>
    now?.texts[`attrib/${name}`] === text ? [] : [put(`attrib/${name}`, text)];
  const initiators = rules.initiators ?? [];
  const struck = [...(now?.entries ?? [])].filter(([name]) => !initiators.includes(name));
  const pausing = now?.enabled === true && struck.some(([, { hasSession }]) => hasSession);
  const served = now === undefined ? null : deviceOf(now);
  return [
    ...(now === undefined ? [{ make: folder }] : []),
    ...(pausing ? [put('enable', '0')] : []),
    // The entries of initiators are made with the depth that the group has then.
    ...tuningSteps(folder, tuning?.group ?? {}, now?.texts ?? {}),
    ...credentialSteps(folder, rules.initiators === null ? rules.chap : null, now?.chap),
    ...initiators.flatMap((name) => {
      const entry = now?.entries.get(name);
      const at = `${folder}/acls/${name}`;
      return [...(entry === undefined ? [{ make: at }] : []), ...credentialSteps(at, rules.chap, entry?.chap)];
    }),
    ...attribute('authentication', rules.chap === null ? '0' : '1'),
    ...attribute('demo_mode_write_protect', '0'),
    ...attribute('generate_node_acls', rules.initiators === null ? '1' : '0'),
    ...(now?.luns.has(lunName) === true ? [] : [{ make: `${folder}/lun/${lunName}` }]),
    ...(served !== null && sameDevice(served, device)
      ? []
      : [{ link: `${folder}/lun/${lunName}/disk`, to: deviceFolder(device) }]),
    ...initiators.flatMap((name) => mappingSteps(folder, name, now?.entries.get(name))),
    ...struck.flatMap(([name, entry]) => entryRemoval(folder, name, entry)),
    ...(pausing ? [put('enable', '1')] : []),
  ];
}

function credentialSteps(folder: string, wanted: Chap | null, now: Chap | undefined): Step[] {
  const put = (name: string, text = '', present = ''): Step[] =>
    text === present ? [] : [{ write: `${folder}/auth/${name}`, text: text === '' ? unset : text }];
  return [
    ...put('userid', wanted?.user, now?.user),
    ...put('password', wanted?.password, now?.password),
    ...put('userid_mutual', wanted?.mutual?.user, now?.mutual?.user),
    ...put('password_mutual', wanted?.mutual?.password, now?.mutual?.password),
  ];
}

function mappingSteps(folder: string, name: string, entry: Entry | undefined): Step[] {
  const at = `${folder}/acls/${name}/${lunName}`;
  const links = entry?.luns.get(lunName);
  return [
    ...(links === undefined ? [{ make: at }] : []),
    ...((links?.length ?? 0) > 0 ? [] : [{ link: `${at}/disk`, to: `${folder}/lun/${lunName}` }]),
  ];
}

function entryRemoval(folder: string, name: string, { luns }: Entry): Step[] {
  const at = `${folder}/acls/${name}`;
  const unmapped = [...luns].flatMap(([lun, links]) => lunRemoval(`${at}/${lun}`, links));
  return unmapped.concat({ remove: at });
}

function lunRemoval(folder: string, links: readonly string[]): Step[] {
  const unlinked = links.map((link): Step => ({ unlink: `${folder}/${link}` }));
  return unlinked.concat({ remove: folder });
}

/** From a group that is disabled and has no sessions to none. */
export function planRemoval(iqn: string, group: Group): Step[] {
  const folder = groupFolder(iqn, group.tag);
  return [
    ...group.portals.map((name): Step => ({ remove: `${folder}/np/${name}` })),
    ...[...group.entries].flatMap(([name, entry]) => entryRemoval(folder, name, entry)),
    ...[...group.luns].flatMap(([lun, links]) => lunRemoval(`${folder}/lun/${lun}`, [...links.keys()])),
    { remove: folder },
  ];
}
