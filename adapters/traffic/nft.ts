// Holds back the packets of single addresses with tables of our own. Other tables are never touched.
//
// ARP replies are held back too. A neighbour that asks for a blocked address then keeps its first packet and sends it
// the moment the address is announced; a packet that is dropped here costs it a second until TCP sends it again.
import { isIP } from 'node:net';
import type { TrafficPort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, shareDeadline } from '../run.ts';
import { sharedCall } from '../shared-call.ts';

/** Changes that come while a transaction runs share the next one. */
export function nftTraffic(settings: { run: Run; table?: string }): TrafficPort {
  const table = settings.table ?? 'pathwarden';
  let waiting: string[] = [];
  // Made once, and again when a change is refused, as after a firewall's reload. It takes the kernel five times as long
  // as the change of an element, and every hand-over of a path would wait for it three times.
  let isFramed = false;
  const transact = sharedCall(async (options): Promise<Outcome> => {
    const left = shareDeadline(options);
    const changes = waiting.join('');
    waiting = [];
    const changed = isFramed ? await commit(settings.run, changes, left()) : null;
    if (changed !== null && changed.kind !== 'refused') return changed;
    const made = await commit(settings.run, frame(table) + changes, left());
    isFramed = made.kind === 'done';
    return made;
  });
  const apply = async (ip: string, change: Change, ends: Change, options: CallOptions): Promise<Outcome> => {
    const family = isIP(ip);
    if (family === 0) return refused(`${ip} is not an IP address`);
    const sets = [`inet ${table} blocked${family}`, ...(family === 4 ? [`arp ${table} blocked4`] : [])];
    // In the order of the calls, so that the last word on an address counts, also after one that was called off.
    waiting.push(...sets.map((set) => change(set, ip)), ends(`inet ${table} ending${family}`, ip));
    return transact(options);
  };
  return {
    ensureBlocked: (ip, options, except) => apply(ip, add, except === 'ends' ? add : remove, options),
    ensureUnblocked: (ip, options) => apply(ip, remove, remove, options),
    observe: (options) => observe(settings.run, table, options),
  };
}

async function observe(run: Run, table: string, options: CallOptions): Promise<Outcome<readonly string[]>> {
  const result = await run(['nft', '-j', 'list', 'table', 'inet', table], options);
  if (result.kind === 'missing') return failure(result);
  // In nft's own words: whoever cannot start it, for a library that is missing, speaks of no such file, too.
  if (result.kind === 'exited' && /^Error: .*No such file or directory/m.test(result.stderr)) return done([]);
  const ips = result.kind === 'exited' && result.code === 0 ? elementsOf(result.stdout) : null;
  return ips === null ? unknown(`the packet filter cannot be read: ${describe(result)}`) : done(ips);
}

/** Of the two sets of what is held back. Null when it cannot be understood. */
function elementsOf(json: string): readonly string[] | null {
  try {
    const { nftables } = JSON.parse(json) as { nftables: readonly { set?: { name: string; elem?: unknown[] } }[] };
    const sets = nftables.flatMap(({ set }) => (set !== undefined && /^blocked[46]$/.test(set.name) ? [set] : []));
    const ips = sets.flatMap(({ elem }) => elem ?? []);
    return sets.length === 2 && ips.every((ip) => typeof ip === 'string') ? ips : null;
  } catch {
    return null;
  }
}

/** Whether the kernel would take what `nftTraffic` makes. It is only checked. */
export async function checkRules(settings: { run: Run; table?: string }, options: CallOptions): Promise<Outcome> {
  const input = frame(settings.table ?? 'pathwarden');
  const result = await settings.run(['nft', '--check', '-f', '-'], { ...options, input });
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}

async function commit(run: Run, input: string, options: CallOptions): Promise<Outcome> {
  const result = await run(['nft', '-f', '-'], { ...options, input });
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}

type Change = (set: string, ip: string) => string;

const add: Change = (set, ip) => `add element ${set} { ${ip} }\n`;

// Deleting an element that is not there is an error, so it is added first, in the same transaction.
const remove: Change = (set, ip) => `add element ${set} { ${ip} }\ndelete element ${set} { ${ip} }\n`;

// One transaction makes the tables when they are missing and repairs them when they are half made.
function frame(table: string): string {
  return `add table inet ${table}
add set inet ${table} blocked4 { type ipv4_addr; }
add set inet ${table} blocked6 { type ipv6_addr; }
add set inet ${table} ending4 { type ipv4_addr; }
add set inet ${table} ending6 { type ipv6_addr; }
add chain inet ${table} incoming { type filter hook input priority -10; policy accept; }
add chain inet ${table} outgoing { type filter hook output priority -10; policy accept; }
flush chain inet ${table} incoming
flush chain inet ${table} outgoing
add rule inet ${table} incoming ip daddr @blocked4 drop
add rule inet ${table} incoming ip6 daddr @blocked6 drop
add rule inet ${table} outgoing ip saddr @ending4 tcp flags & (fin | rst) != 0 accept
add rule inet ${table} outgoing ip6 saddr @ending6 tcp flags & (fin | rst) != 0 accept
add rule inet ${table} outgoing ip saddr @blocked4 drop
add rule inet ${table} outgoing ip6 saddr @blocked6 drop
add table arp ${table}
add set arp ${table} blocked4 { type ipv4_addr; }
add chain arp ${table} outgoing { type filter hook output priority 0; policy accept; }
flush chain arp ${table} outgoing
add rule arp ${table} outgoing arp saddr ip @blocked4 drop
`;
}
