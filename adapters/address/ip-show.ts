// Reads `ip -j addr show`. Strictly: what is not understood makes the whole answer unreadable.
import type { Address } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';

export interface AddressView {
  readonly addresses: readonly (Address & { readonly secondary: boolean })[];
  /** Link addresses of the node's own interfaces, in lower case. */
  readonly linkAddresses: ReadonlySet<string>;
}

export async function readAddresses(run: Run, options: CallOptions): Promise<Outcome<AddressView>> {
  const result = await run(['ip', '-j', 'addr', 'show'], options);
  if (result.kind === 'missing') return failure(result);
  if (result.kind === 'unknown' || result.code !== 0) return unknown(`addresses cannot be read: ${describe(result)}`);
  const view = parseAddresses(result.stdout);
  return view === null ? unknown('addresses cannot be read: ip printed something unexpected') : done(view);
}

/** Null when it cannot be read. */
export function parseAddresses(json: string): AddressView | null {
  const links = listOf(json);
  if (links === null) return null;
  const addresses: AddressView['addresses'][number][] = [];
  const linkAddresses = new Set<string>();
  for (const link of links) {
    const name = link['ifname'];
    const entries = link['addr_info'];
    if (typeof name !== 'string' || !Array.isArray(entries)) return null;
    if (typeof link['address'] === 'string') linkAddresses.add(link['address'].toLowerCase());
    for (const entry of entries) {
      const { local, prefixlen, secondary } = entry as Record<string, unknown>;
      if (typeof local !== 'string' || typeof prefixlen !== 'number') return null;
      addresses.push({ ip: local, prefix: prefixlen, interface: name, secondary: secondary === true });
    }
  }
  return { addresses, linkAddresses };
}

function listOf(json: string): Record<string, unknown>[] | null {
  try {
    const value: unknown = JSON.parse(json);
    const records = Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
    return records ? (value as Record<string, unknown>[]) : null;
  } catch {
    return null;
  }
}
