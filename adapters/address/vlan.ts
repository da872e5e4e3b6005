// VLAN interfaces, made when an address needs one and removed when the last is gone. What is ours is known by the
// interface group: the only mark that the kernel takes in the moment it makes one, so that none is ever without.
import { interfaceNameMax, vlanOf } from '../../src/ports/interface-name.ts';
import { done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { change } from './change.ts';
import type { AddressView, SeenLink } from '../ip-show.ts';
import type { Run } from '../run.ts';
import type { Left } from '../turns.ts';

/** "pw". `ip link show group 28791` lists what pathwarden made. */
const ourGroup = '28791';

/** Whoever made it: it is there, and ours is up. Names that are not those of a VLAN are left to others. */
export async function ensureVlan(
  run: Run,
  name: string,
  view: AddressView,
  left: Left,
): Promise<Outcome> {
  const vlan = vlanOf(name);
  const link = view.links.get(name);
  if (vlan === null || (link !== undefined && (!isOurs(link) || link.isUp))) return done(null);
  if (name.length > interfaceNameMax) return refused(`the kernel takes no interface name as long as ${name}`);
  if (link === undefined) {
    const what = ['name', name, 'group', ourGroup, 'type', 'vlan', 'id', String(vlan.id)];
    const made = await change(run, ['ip', 'link', 'add', 'link', vlan.parent, ...what], left());
    if (made.kind !== 'done') return made;
  }
  // The kernel would ask for a second whether its own IPv6 address is free, and nobody could be probed from it.
  const settled = await change(run, ['sysctl', '-e', '-q', '-w', `net/ipv6/conf/${name}/accept_dad=0`], left());
  if (settled.kind !== 'done') return settled;
  return change(run, ['ip', 'link', 'set', 'dev', name, 'alias', 'pathwarden', 'up'], left());
}

/** Gone when it is ours and nothing is on it any more; everything else stays. */
export async function removeEmptyVlan(
  run: Run,
  name: string,
  view: AddressView,
  left: Left,
): Promise<Outcome> {
  const link = view.links.get(name);
  if (vlanOf(name) === null || link === undefined || !isOurs(link) || !isEmpty(name, link, view)) return done(null);
  const removed = await change(run, ['ip', 'link', 'del', 'dev', name], left());
  return removed.kind === 'refused' && removed.reason.includes('Cannot find device') ? done(null) : removed;
}

const isOurs = ({ group }: SeenLink): boolean => group === ourGroup;

/** The kernel gives it a link-local address itself. */
function isEmpty(name: string, link: SeenLink, { addresses, links }: AddressView): boolean {
  const isUsed = addresses.some((one) => one.interface === name && !one.isLinkLocal);
  const isBelow = [...links.values()].some(({ lower }) => lower === name);
  return !isUsed && !isBelow && link.master === null;
}
