// The targets of the kernel as they are, whoever made them.
import type { SeenRules, TargetSight, TargetView } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { shareDeadline } from '../run.ts';
import type { Folder } from './configfs-protocol.ts';
import type { Configfs } from './configfs.ts';
import { serialOf } from './lio-device.ts';
import { untuned } from './lio-tuning.ts';
import { type Group, groupsOf, linkOf, rulesOf, targetShape } from './lio-group.ts';
import { busyGroups, portalAt } from './lio-names.ts';

const isTarget = (name: string): boolean => /^(iqn|eui|naa)\./.test(name);

export async function observe(kernel: Configfs, options: CallOptions): Promise<Outcome<TargetView>> {
  const left = shareDeadline(options);
  // Whatever hangs in one storage must not hide the others.
  const busy = Map.groupBy(busyGroups(kernel.disabling()), ({ iqn }) => iqn);
  const ofBusy = [...busy].map(([iqn, groups]) => [iqn, targetShape(untuned, groups.map(({ tag }) => tag))] as const);
  const looked = await kernel.look(
    [
      { folder: '', shape: {} },
      { folder: 'iscsi', shape: { discovery_auth: {}, '*': targetShape(), ...Object.fromEntries(ofBusy) } },
      { folder: 'core', shape: { alua: {}, '*': { '*': { wwn: { vpd_unit_serial: 'read' } } } } },
    ],
    left(),
  );
  if (looked.kind !== 'done') return looked;
  const [root = null, iscsi = null, core = null] = looked.value;
  if (root === null) return unknown('the kernel has no target: load the module target_core_mod');
  const serials = serialsIn(core);
  const targets = Object.entries(iscsi?.folders ?? {}).filter(([name]) => isTarget(name));
  const sights = targets.map(([iqn, folder]) => ({ iqn, folder, groups: groupsOf(folder) }));
  return done({
    targets: sights.map((one) => sightOf(one, serials)),
    portals: sights.flatMap(({ groups }) => groups).flatMap(portalsOf),
  });
}

interface Seen {
  readonly iqn: string;
  readonly folder: Folder;
  readonly groups: readonly Group[];
}

function sightOf({ iqn, folder, groups }: Seen, serials: ReadonlyMap<string, string>): TargetSight {
  // One that is being disabled lets nobody in any more.
  const open = groups.filter(({ enabled, rulesKnown }) => enabled && rulesKnown);
  // A group that is being made for a path is not what initiators see.
  const shown = open.length > 0 ? open : groups.slice(0, 1);
  const wwns = new Set(shown.map((group) => wwnOf(group, serials)));
  const instance = folder.folders['fabric_statistics']?.folders['iscsi_instance'];
  return {
    iqn,
    sessions: Number(instance?.files['sessions'] ?? 0),
    logins: groups.flatMap(({ logins }) => logins),
    accepts: open.length > 0,
    wwn: wwns.has(null) || wwns.size === 0 ? null : wwns.size === 1 ? ([...wwns][0] ?? null) : '',
    rules: shown.every(({ rulesKnown }) => rulesKnown) ? rulesAmong(shown) : null,
  };
}

function rulesAmong(groups: readonly Group[]): SeenRules {
  const lists = groups.map((group) => rulesOf(group).initiators);
  const named = lists.filter((list) => list !== null);
  return { initiators: named.length < lists.length ? null : agreed(named), users: agreed(groups.map(usersOf)) };
}

/** Groups that differ give more than any of them has, which is how a change by hand in one of them shows. */
function agreed(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = lists.map((list) => list.toSorted());
  const different = rest.filter((list) => list.join(' ') !== first.join(' '));
  return different.length === 0 ? first : [first, ...different].flat();
}

function usersOf(group: Group): readonly string[] {
  const { initiators, chap } = rulesOf(group);
  if (chap === null) return [];
  if (initiators === null) return [chap.user];
  return [...new Set([...group.entries.values()].map((entry) => entry.chap.user))];
}

function wwnOf(group: Group, serials: ReadonlyMap<string, string>): string | null {
  const link = linkOf(group);
  return link === null ? null : (serials.get(link) ?? '');
}

function serialsIn(core: Folder | null): ReadonlyMap<string, string> {
  const devices = Object.entries(core?.folders ?? {}).flatMap(([host, { folders }]) =>
    Object.entries(folders).map(([name, folder]) => [`${host}/${name}`, folder] as const),
  );
  return new Map(devices.map(([at, folder]) => [at, serialOf(folder)]));
}

const portalsOf = ({ portals }: Group): readonly { ip: string; port: number }[] =>
  portals.map(portalAt).filter((one) => one !== null);
