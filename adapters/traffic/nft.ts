// Holds back the packets of single addresses with a table of our own. Other tables are never touched.
import { isIP } from 'node:net';
import type { TrafficPort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { failure, type Run } from '../run.ts';

export function nftTraffic(settings: { run: Run; table?: string }): TrafficPort {
  const table = settings.table ?? 'pathwarden';
  const apply = async (ip: string, change: Change, options: CallOptions): Promise<Outcome> => {
    const family = isIP(ip);
    if (family === 0) return refused(`${ip} is not an IP address`);
    const script = `${frame(table)}${change(`inet ${table} blocked${family}`, ip)}`;
    const result = await settings.run(['nft', '-f', '-'], { ...options, input: script });
    return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
  };
  return {
    ensureBlocked: (ip, options) => apply(ip, block, options),
    ensureUnblocked: (ip, options) => apply(ip, unblock, options),
  };
}

type Change = (set: string, ip: string) => string;

const block: Change = (set, ip) => `add element ${set} { ${ip} }\n`;

// Deleting an element that is not there is an error, so it is added first, in the same transaction.
const unblock: Change = (set, ip) => `add element ${set} { ${ip} }\ndelete element ${set} { ${ip} }\n`;

// Whole in every call: one transaction makes the table when it is missing and repairs it when it is half made.
function frame(table: string): string {
  return `add table inet ${table}
add set inet ${table} blocked4 { type ipv4_addr; }
add set inet ${table} blocked6 { type ipv6_addr; }
add chain inet ${table} incoming { type filter hook input priority -10; policy accept; }
add chain inet ${table} outgoing { type filter hook output priority -10; policy accept; }
flush chain inet ${table} incoming
flush chain inet ${table} outgoing
add rule inet ${table} incoming ip daddr @blocked4 drop
add rule inet ${table} incoming ip6 daddr @blocked6 drop
add rule inet ${table} outgoing ip saddr @blocked4 drop
add rule inet ${table} outgoing ip6 saddr @blocked6 drop
`;
}
