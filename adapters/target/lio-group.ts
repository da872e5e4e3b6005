// The portal groups of a target as they are now. Pure.
import type { Login } from '../../src/ports/dataplane.ts';
import type { Chap } from './chap-secret.ts';
import type { Folder, Shape } from './configfs-protocol.ts';
import { type Device, deviceAt, lunName, portalAt } from './lio-names.ts';
import { loginIn, loginsWithoutEntry } from './lio-sessions.ts';
import { shapeOf, type Texts, type Tuning, untuned } from './lio-tuning.ts';

/** Who may log in, as a group keeps it. */
export interface Rules {
  /** Null: anyone. */
  readonly initiators: readonly string[] | null;
  /** Null: without CHAP. */
  readonly chap: Chap | null;
}

/** What the group knows of one initiator. */
export interface Entry {
  readonly chap: Chap;
  /** The folders of its mapped LUNs, with the names of their links. */
  readonly luns: ReadonlyMap<string, readonly string[]>;
  readonly hasSession: boolean;
  /** Null also where the kernel shows its session in a way that is not understood. */
  readonly login: Login | null;
}

/** A group as it is now. */
export interface Group {
  readonly tag: number;
  readonly enabled: boolean;
  /** False when they were not asked for. */
  readonly rulesKnown: boolean;
  /** Names of its network portals. */
  readonly portals: readonly string[];
  /** Of each LUN: where its links lead, as host adapter and device. */
  readonly luns: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly entries: ReadonlyMap<string, Entry>;
  /** By file, below `attrib` and `param`; of the latter only what is tuned. */
  readonly texts: Texts;
  readonly chap: Chap;
  readonly hasSessions: boolean;
  readonly logins: readonly Login[];
}

const auth: Shape = { userid: 'read', password: 'read', userid_mutual: 'read', password_mutual: 'read' };
/** Those that decide who gets in. */
const attributes = ['generate_node_acls', 'demo_mode_write_protect', 'authentication'] as const;
export type Attribute = (typeof attributes)[number];

/** What can be read of a group while the kernel disables it: the rest waits for that, and so for the storage. */
const quietShape: Shape = {
  enable: 'read',
  dynamic_sessions: 'read',
  attrib: {},
  param: {},
  auth,
  np: { '*': {} },
  lun: { '*': { statistics: {}, '*': {} } },
  acls: { '*': { info: 'read', auth, attrib: {}, param: {}, fabric_statistics: {}, '*': { '*': {} } } },
};

const groupShape = (tuning: Tuning): Shape => ({
  ...quietShape,
  attrib: {
    ...Object.fromEntries(attributes.map((name) => [name, 'read' as const])),
    ...shapeOf('attrib', tuning.group),
  },
  param: shapeOf('param', tuning.group),
});

const withGroups = (group: Shape): Shape => ({
  fabric_statistics: { iscsi_instance: { sessions: 'read' } },
  param: {},
  '*': group,
});

/** `busy`: the tags of groups that are being disabled. */
export const targetShape = (tuning: Tuning = untuned, busy: readonly number[] = []): Shape => ({
  ...withGroups(groupShape(tuning)),
  ...Object.fromEntries(busy.map((tag) => [`tpgt_${tag}`, quietShape])),
});

/** Without the rules, for whoever only wants to know what is open and who is there. */
export const quietTargetShape = withGroups(quietShape);

/** In the order of their tags. */
export const groupsOf = (target: Folder): readonly Group[] =>
  Object.entries(target.folders)
    .flatMap(([name, folder]) => {
      const tag = /^tpgt_(\d+)$/.exec(name)?.[1];
      return tag === undefined ? [] : [groupOf(Number(tag), folder)];
    })
    .toSorted((one, other) => one.tag - other.tag);

function groupOf(tag: number, { files, folders }: Folder): Group {
  const { acls, lun, np } = folders;
  const entries = Object.entries(acls?.folders ?? {}).map(([name, folder]) => [name, entryOf(folder)] as const);
  const dynamic = loginsWithoutEntry(files['dynamic_sessions'] ?? '');
  return {
    tag,
    enabled: files['enable'] === '1',
    rulesKnown: folders['attrib']?.files['generate_node_acls'] !== undefined,
    portals: Object.keys(np?.folders ?? {}).filter((name) => portalAt(name) !== null),
    luns: new Map(Object.entries(lun?.folders ?? {}).map(([name, { links }]) => [name, devicesOf(links)])),
    entries: new Map(entries),
    texts: { ...textsIn('attrib', folders['attrib']), ...textsIn('param', folders['param']) },
    chap: chapOf(folders['auth']),
    hasSessions: dynamic.length > 0 || entries.some(([, entry]) => entry.hasSession),
    logins: [...entries.map(([, { login }]) => login).filter((one) => one !== null), ...dynamic],
  };
}

const textsIn = (name: string, folder: Folder | undefined): Texts =>
  Object.fromEntries(Object.entries(folder?.files ?? {}).map(([file, text]) => [`${name}/${file}`, text]));

const devicesOf = (links: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(links).map(([name, to]) => [name, to.split('/').slice(-2).join('/')]));

function entryOf({ files, folders }: Folder): Entry {
  const luns = Object.entries(folders).filter(([name]) => name.startsWith('lun_'));
  return {
    chap: chapOf(folders['auth']),
    luns: new Map(luns.map(([name, { links }]) => [name, Object.keys(links)])),
    hasSession: !(files['info'] ?? '').startsWith('No active iSCSI Session'),
    login: loginIn(files['info'] ?? ''),
  };
}

function chapOf(folder: Folder | undefined): Chap {
  const { files = {} } = folder ?? {};
  const mutual = { user: setIn(files['userid_mutual']), password: setIn(files['password_mutual']) };
  const isMutual = mutual.user !== '' || mutual.password !== '';
  return { user: setIn(files['userid']), password: setIn(files['password']), mutual: isMutual ? mutual : null };
}

/** The kernel shows what is not set as nothing, or as the word by which it was taken away. */
const setIn = (text = ''): string => (text === unset ? '' : text);

/** Written, it takes away what was set. */
export const unset = 'NULL';

/** What the group lets in now; with LUN 1 in place it was made whole. */
export function rulesOf(group: Group): Rules {
  const named = group.texts['attrib/generate_node_acls'] === '0';
  const [entry] = group.entries.values();
  const withChap = group.texts['attrib/authentication'] !== '0';
  return {
    initiators: named ? [...group.entries.keys()] : null,
    chap: withChap ? ((named ? entry?.chap : group.chap) ?? { user: '', password: '', mutual: null }) : null,
  };
}

/** Where LUN 1 leads; null when it leads nowhere. */
export const linkOf = (group: Group): string | null => [...(group.luns.get(lunName)?.values() ?? [])][0] ?? null;

/** The device of LUN 1; null when there is none of ours. */
export function deviceOf(group: Group): Device | null {
  const link = linkOf(group);
  return link === null ? null : deviceAt(link);
}
