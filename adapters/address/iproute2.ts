// The node's addresses through `ip` and `arping`. Addresses are compared whole, never as text that contains another.
import { isIP } from 'node:net';
import type { Address, AddressPort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { failure, type Run, shareDeadline } from '../run.ts';
import { sameIp } from '../ip-text.ts';
import { sharedCall } from '../shared-call.ts';
import { announceByArp, probeByArp } from './arping.ts';
import { probeByNeighbourDiscovery } from './ndisc6.ts';
import { type AddressView, readAddresses } from './ip-show.ts';

export function iproute2Address(settings: { run: Run }): AddressPort {
  const { run } = settings;
  const look = sharedCall((options) => readAddresses(run, options));
  const node: Node = { run, look };
  return {
    probe: (address, waitMs, options) => probe(node, address, waitMs, options),
    ensureAdded: (address, options) => ensureAdded(node, address, options),
    ensureRemoved: (address, options) => ensureRemoved(node, address, options),
    async observe(options) {
      const view = await look(options);
      return view.kind === 'done' ? done(view.value.addresses.map(plain)) : view;
    },
    announce: (address, options) => announce(run, address, options),
  };
}

interface Node {
  readonly run: Run;
  readonly look: (options: CallOptions) => Promise<Outcome<AddressView>>;
}

async function probe(
  { run, look }: Node,
  address: Address,
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<{ answeredBy: string | null }>> {
  const left = shareDeadline(options);
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

async function ensureAdded({ run, look }: Node, address: Address, options: CallOptions): Promise<Outcome> {
  const family = isIP(address.ip);
  if (family === 0) return refused(`${address.ip} is not an IP address`);
  const left = shareDeadline(options);
  const view = await look(left());
  if (view.kind !== 'done') return view;
  const present = view.value.addresses.filter(({ ip }) => sameIp(ip, address.ip));
  const elsewhere = present.find((one) => one.interface !== address.interface || one.prefix !== address.prefix);
  if (elsewhere !== undefined) {
    return refused(`${address.ip} is on ${elsewhere.interface} as /${elsewhere.prefix} already`);
  }
  if (present.length > 0) return done(null);
  // Our own probe comes first; the kernel's would keep an IPv6 address unusable for a second.
  const flags = family === 6 ? ['nodad'] : [];
  return change(run, ['ip', 'addr', 'add', text(address), 'dev', address.interface, ...flags], left());
}

async function ensureRemoved({ run, look }: Node, address: Address, options: CallOptions): Promise<Outcome> {
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

async function announce(run: Run, address: Address, options: CallOptions): Promise<Outcome> {
  if (isIP(address.ip) === 6) {
    return refused('no program here sends unsolicited neighbour advertisements, so IPv6 is not announced', 'missing');
  }
  const outcomes = await announceByArp(run, address, options);
  return outcomes.find(({ kind }) => kind !== 'done') ?? done(null);
}

async function change(run: Run, argv: readonly string[], options: CallOptions): Promise<Outcome> {
  const result = await run(argv, options);
  if (result.kind === 'exited' && result.code === 0) return done(null);
  if (result.kind === 'exited' && result.code > 2) return unknown(failure(result).reason);
  return failure(result);
}

const text = (address: Address): string => `${address.ip}/${address.prefix}`;

const plain = ({ ip, prefix, interface: name }: Address): Address => ({ ip, prefix, interface: name });
