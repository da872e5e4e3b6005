// Reads `ip -j addr show`. Strictly: what is not understood makes the whole answer unreadable.
import type { Address } from '../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, unknown } from '../src/ports/outcome.ts';
import { parsed } from './json.ts';
import { describe, failure, type Run } from './run.ts';

export interface AddressView {
  readonly addresses: readonly SeenAddress[];
  readonly links: ReadonlyMap<string, SeenLink>;
  /** Link addresses of the node's own interfaces, in lower case. */
  readonly linkAddresses: ReadonlySet<string>;
}

export interface SeenLink {
  readonly isUp: boolean;
  /** In the words of the kernel, `UP` or `LOWERLAYERDOWN`; null when it is not said. */
  readonly operState: string | null;
  /** A name or a number; null when it is in none. */
  readonly group: string | null;
  /** The interface that it is on, as a VLAN; null when there is none. */
  readonly lower: string | null;
  /** The bridge or bond that it is part of. */
  readonly master: string | null;
}

interface SeenAddress extends Address {
  readonly isLinkLocal: boolean;
  readonly secondary: boolean;
  /** What the kernel's own duplicate detection says of an IPv6 address that was added without `nodad`. */
  readonly detection: 'over' | 'under way' | 'failed';
}

export async function readAddresses(run: Run, options: CallOptions): Promise<Outcome<AddressView>> {
  const result = await run(['ip', '-j', 'addr', 'show'], options);
  if (result.kind === 'missing') return failure(result);
  if (result.kind === 'unknown' || result.code !== 0) return unknown(`addresses cannot be read: ${describe(result)}`);
  const view = parseAddresses(result.stdout);
  return view === null ? unknown('addresses cannot be read: ip printed something unexpected') : done(view);
}

/** Null when it cannot be read. */
function parseAddresses(json: string): AddressView | null {
  const links = listOf(json);
  if (links === null) return null;
  const addresses: AddressView['addresses'][number][] = [];
  const linkAddresses = new Set<string>();
  const seen = new Map<string, SeenLink>();
  for (const link of links) {
    const name = link['ifname'];
    const entries = link['addr_info'];
    if (typeof name !== 'string' || !Array.isArray(entries)) return null;
    seen.set(name, linkOf(link));
    if (typeof link['address'] === 'string') linkAddresses.add(link['address'].toLowerCase());
    for (const entry of entries) {
      const { local, prefixlen: prefix, secondary, tentative, dadfailed, scope } = entry as Record<string, unknown>;
      if (typeof local !== 'string' || typeof prefix !== 'number') return null;
      const isLinkLocal = scope === 'link' && local.startsWith('fe80:');
      const detection = dadfailed === true ? 'failed' : tentative === true ? 'under way' : 'over';
      const details = { secondary: secondary === true, isLinkLocal, detection } as const;
      addresses.push({ ip: local, prefix, interface: name, ...details });
    }
  }
  return { addresses, links: seen, linkAddresses };
}

function linkOf({ flags, operstate, group, link, master }: Record<string, unknown>): SeenLink {
  const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const isUp = Array.isArray(flags) && flags.includes('UP');
  return { isUp, operState: textOf(operstate), group: textOf(group), lower: textOf(link), master: textOf(master) };
}

function listOf(json: string): Record<string, unknown>[] | null {
  const value = parsed(json);
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
  return isList ? (value as Record<string, unknown>[]) : null;
}
