// Interfaces and their addresses, of `ip -j addr show`. What is not understood makes the whole answer unreadable.
import type { Link } from '../../src/ports/doctor.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { describe, type Run } from '../run.ts';

export async function readLinks(run: Run): Promise<Outcome<readonly Link[]>> {
  const result = await run(['ip', '-j', 'addr', 'show'], { deadlineMs: 5000 });
  if (result.kind !== 'exited' || result.code !== 0) return unknown(`interfaces cannot be read: ${describe(result)}`);
  try {
    return done((JSON.parse(result.stdout) as readonly Shown[]).map(linkOf));
  } catch {
    return unknown('interfaces cannot be read: ip printed something unexpected');
  }
}

interface Shown {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly operstate: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** Loopback and tunnels never say UP themselves. */
const linkOf = ({ ifname, flags, operstate, addr_info: shown }: Shown): Link => ({
  name: ifname,
  isUp: flags.includes('UP') && operstate !== 'DOWN' && operstate !== 'LOWERLAYERDOWN',
  addresses: shown.map(({ local, prefixlen }) => ({ ip: local, prefix: prefixlen })),
});
