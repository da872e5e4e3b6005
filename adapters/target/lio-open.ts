// Opens a path: its portal group gets the rules of its siblings, its address, and is enabled last.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Portal } from '../../src/ports/dataplane.ts';
import { samePortal } from '../../src/ports/ip.ts';
import { type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import type { Step } from './configfs-protocol.ts';
import type { Configfs } from './configfs.ts';
import { planGroup } from './lio-group-plan.ts';
import { deviceOf, type Group, groupsOf, rulesOf, targetShape } from './lio-group.ts';
import { busyGroups, groupFolder, portalAt, portalName, targetFolder } from './lio-names.ts';
import type { Tuning } from './lio-tuning.ts';
import type { Left } from '../turns.ts';

interface Lio {
  readonly kernel: Configfs;
  readonly tuning: Tuning;
  /** Portal → IQN, for the portals that this instance opened. */
  readonly openedFor: Map<string, string>;
}

export async function openPortal(lio: Lio, portal: Portal, left: Left): Promise<Outcome> {
  const { kernel, tuning, openedFor } = lio;
  const name = portalName(portal);
  const other = openedFor.get(name);
  if (other !== undefined && other !== portal.iqn) return refused(`portal ${name} is open for ${other}`);
  const closing = busyGroups(kernel.givenUp()).filter(({ iqn }) => iqn === portal.iqn);
  const busy = closing.map(({ tag }) => tag);
  const shape = targetShape(tuning, busy);
  const looked = await kernel.look([{ folder: targetFolder(portal.iqn), shape }], left());
  if (looked.kind !== 'done') return looked;
  const groups = looked.value[0] ? groupsOf(looked.value[0]) : [];
  const whole = groups.filter((group) => group.rulesKnown && deviceOf(group) !== null);
  const tag = tagFor(portal, groups);
  if (busy.includes(tag) || (busy.length > 0 && whole.length === 0)) return stillClosing(portal.iqn);
  const model = whole.find(({ enabled }) => enabled) ?? whole[0];
  if (model === undefined) return refused(`target ${portal.iqn} is not defined`, 'undefined');
  const group = groups.find((one) => one.tag === tag);
  const strays = group?.portals.filter((one) => !isAt(one, portal)) ?? [];
  if (group?.enabled === true && strays.length > 0) {
    return refused(`portal group ${tag} of ${portal.iqn} is open on ${strays.join(', ')}`);
  }
  // The kernel listens on addresses that are not there yet.
  if (!(await isHere(portal.ip))) return refused(`address ${portal.ip} is not on this node`);
  openedFor.set(name, portal.iqn);
  const opened = await kernel.change(plan(portal, { tag, model, group, strays, tuning }), left());
  if (opened.kind === 'refused') openedFor.delete(name);
  return opened;
}

export const stillClosing = (iqn: string): Outcome =>
  unknown(`a path of ${iqn} is still being closed: its sessions have commands under way`);

export const isAt = (name: string, portal: Portal): boolean => {
  const at = portalAt(name);
  return at !== null && samePortal(at, portal);
};

/** The group that has the portal already; else that of the path; else one that nobody uses. */
function tagFor(portal: Portal, groups: readonly Group[]): number {
  const holding = groups.find(({ portals }) => portals.some((name) => isAt(name, portal)));
  if (holding !== undefined) return holding.tag;
  if (portal.tag !== undefined) return portal.tag;
  const idle = groups.find(({ portals, enabled, hasSessions }) => portals.length === 0 && !enabled && !hasSessions);
  return idle?.tag ?? Math.max(0, ...groups.map(({ tag }) => tag)) + 1;
}

interface Choice {
  readonly tag: number;
  readonly model: Group;
  readonly group: Group | undefined;
  readonly strays: readonly string[];
  readonly tuning: Tuning;
}

function plan(portal: Portal, { tag, model, group, strays, tuning }: Choice): readonly Step[] {
  const folder = groupFolder(portal.iqn, tag);
  const device = deviceOf(model);
  // Rules of an open group that were changed by hand are put right by defining, not by opening.
  const isDone = group?.enabled === true || device === null;
  const build = isDone ? [] : planGroup(portal.iqn, tag, { rules: rulesOf(model), device, tuning }, group);
  const present = group?.portals.find((one) => isAt(one, portal));
  return [
    ...build,
    ...strays.map((name): Step => ({ remove: `${folder}/np/${name}` })),
    ...(present === undefined ? [{ make: `${folder}/np/${portalName(portal)}` }] : []),
    ...(group?.enabled === true ? [] : [{ write: `${folder}/enable`, text: '1' }]),
    { expect: `${folder}/enable`, text: '1' },
  ];
}

/** Whether this node has the address now, and may use it. */
async function isHere(ip: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4');
  socket.once('error', () => resolve(false));
  socket.bind({ address: ip, port: 0, exclusive: true }, () => resolve(true));
  const here = await promise;
  socket.close();
  return here;
}
