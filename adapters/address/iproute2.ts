// The node's addresses through `ip`, `arping`, `ndisc6` and `ndptool`. Addresses are compared whole, never as text that
// contains another.
import { isIP } from 'node:net';
import type { Address, AddressPort } from '../../src/ports/dataplane.ts';
import { plainIp, sameIp } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { vlanOf } from '../../src/ports/interface-name.ts';
import { type Run, shareDeadline } from '../run.ts';
import { sharedCall } from '../shared-call.ts';
import { turns } from '../turns.ts';
import { announceByArp, probeByArp } from './arping.ts';
import { change } from './change.ts';
import { probeByNeighbourDiscovery } from './ndisc6.ts';
import { announceByAdvertisement } from './ndptool.ts';
import { type AddressView, readAddresses } from '../ip-show.ts';
import { ensureVlan, removeEmptyVlan } from './vlan.ts';

export function iproute2Address(settings: { run: Run }): AddressPort {
  const { run } = settings;
  const look = sharedCall((options) => readAddresses(run, options));
  const node: Node = { run, look, turn: turns(), users: new Map() };
  return {
    probe: (address, waitMs, options) => probe(node, address, waitMs, options),
    ensureAdded: (address, options) => ensureAdded(node, address, options),
    ensureRemoved: (address, options) => ensureRemoved(node, address, options),
    async observe(options) {
      const view = await look(options);
      return view.kind === 'done' ? done(view.value.addresses.map(plain)) : view;
    },
    announce: (address, options) => announce(node, address, options),
  };
}

interface Node {
  readonly run: Run;
  readonly look: (options: CallOptions) => Promise<Outcome<AddressView>>;
  /** On VLAN interfaces, so that the one that leaves last takes it from nobody. */
  readonly turn: ReturnType<typeof turns>;
  /** VLAN interface → addresses that are about to be on it, or are. Lost at a restart: the kernel knows the rest. */
  readonly users: Map<string, Set<string>>;
}

async function probe(
  node: Node,
  address: Address,
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<{ answeredBy: string | null }>> {
  const { run, look } = node;
  const left = shareDeadline(options);
  const ready = await prepareInterface(node, address, left());
  if (ready.kind !== 'done') return ready;
  const ask = isIP(address.ip) === 6 ? probeByNeighbourDiscovery : probeByArp;
  const answers = await ask(run, address, waitMs, left());
  if (answers.kind !== 'done') return answers;
  if (answers.value.length === 0) return done({ answeredBy: null });
  // Only who answers can be mistaken for the node itself.
  const view = await look(left());
  if (view.kind !== 'done') return view;
  const foreign = answers.value.find((linkAddress) => !view.value.linkAddresses.has(linkAddress));
  return done({ answeredBy: foreign ?? null });
}

/** A VLAN interface that is not there is made, and stays at least until the address is removed. */
async function prepareInterface(node: Node, address: Address, options: CallOptions): Promise<Outcome> {
  const { run, look, turn, users } = node;
  const name = address.interface;
  if (vlanOf(name) === null) return done(null);
  return turn(name, options, async (left) => {
    const view = await look(left());
    if (view.kind !== 'done') return view;
    users.set(name, (users.get(name) ?? new Set()).add(plainIp(address.ip)));
    return ensureVlan(run, name, view.value, left);
  });
}

async function ensureAdded(node: Node, address: Address, options: CallOptions): Promise<Outcome> {
  const { run, look } = node;
  const family = isIP(address.ip);
  if (family === 0) return refused(`${address.ip} is not an IP address`);
  const left = shareDeadline(options);
  const ready = await prepareInterface(node, address, left());
  if (ready.kind !== 'done') return ready;
  const view = await look(left());
  if (view.kind !== 'done') return view;
  const present = view.value.addresses.filter(({ ip }) => sameIp(ip, address.ip));
  const elsewhere = present.find((one) => one.interface !== address.interface || one.prefix !== address.prefix);
  if (elsewhere !== undefined) {
    return refused(`${address.ip} is on ${elsewhere.interface} as /${elsewhere.prefix} already`);
  }
  const [here] = present;
  if (here?.detection === 'failed') {
    return refused(`somebody else has ${address.ip}: the kernel found it when it was added`);
  }
  if (here?.detection === 'under way') return unknown(`the kernel still asks whether somebody else has ${address.ip}`);
  if (here !== undefined) return done(null);
  // Our own probe comes first; the kernel's would keep an IPv6 address unusable for a second.
  const flags = family === 6 ? ['nodad'] : [];
  return change(run, ['ip', 'addr', 'add', text(address), 'dev', address.interface, ...flags], left());
}

async function ensureRemoved(node: Node, address: Address, options: CallOptions): Promise<Outcome> {
  const { run, look, turn, users } = node;
  const name = address.interface;
  if (vlanOf(name) === null) return removeAddress(node, address, options);
  return turn(name, options, async (left) => {
    const removed = await removeAddress(node, address, left());
    if (removed.kind !== 'done') return removed;
    users.get(name)?.delete(plainIp(address.ip));
    if ((users.get(name)?.size ?? 0) > 0) return done(null);
    const view = await look(left());
    return view.kind === 'done' ? removeEmptyVlan(run, name, view.value, left) : view;
  });
}

async function removeAddress({ run, look }: Node, address: Address, options: CallOptions): Promise<Outcome> {
  const left = shareDeadline(options);
  const view = await look(left());
  if (view.kind !== 'done') return view;
  for (const present of view.value.addresses.filter((one) => isSame(one, address))) {
    if (takesOthersAlong(present, view.value)) {
      const setting = `net/ipv4/conf/${present.interface}/promote_secondaries=1`;
      const kept = await change(run, ['sysctl', '-q', '-w', setting], left());
      if (kept.kind !== 'done') return kept;
    }
    const removed = await change(run, ['ip', 'addr', 'del', text(present), 'dev', present.interface], left());
    if (removed.kind === 'unknown') return removed;
    if (removed.kind === 'refused' && !removed.reason.includes('Cannot assign requested address')) return removed;
  }
  return done(null);
}

/** The same IP on another interface, or with another prefix, is somebody else's: it is left alone. */
const isSame = (one: Address, other: Address): boolean =>
  one.interface === other.interface && one.prefix === other.prefix && sameIp(one.ip, other.ip);

/** Removing the first IPv4 address of a subnet removes the later ones with it, unless the interface promotes them. */
function takesOthersAlong(address: AddressView['addresses'][number], view: AddressView): boolean {
  if (isIP(address.ip) !== 4 || address.secondary) return false;
  return view.addresses.some((one) => one.interface === address.interface && one.secondary);
}

async function announce({ run, look }: Node, address: Address, options: CallOptions): Promise<Outcome> {
  if (isIP(address.ip) === 6) {
    const left = shareDeadline(options);
    const view = await look(left());
    if (view.kind !== 'done') return view;
    if (!view.value.addresses.some((one) => isSame(one, address))) return refused(`${address.ip} is not on this node`);
    return announceByAdvertisement(run, address, left());
  }
  const outcomes = await announceByArp(run, address, options);
  return outcomes.find(({ kind }) => kind !== 'done') ?? done(null);
}

const text = (address: Address): string => `${address.ip}/${address.prefix}`;

const plain = ({ ip, prefix, interface: name }: Address): Address => ({ ip, prefix, interface: name });
