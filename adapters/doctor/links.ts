// Interfaces and their addresses, as the doctor looks at them.
import type { Link } from '../../src/ports/doctor.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';
import { readAddresses } from '../ip-show.ts';
import type { Run } from '../run.ts';

/** Loopback and tunnels never say UP themselves. */
const down: ReadonlySet<string | null> = new Set(['DOWN', 'LOWERLAYERDOWN']);

export async function readLinks(run: Run): Promise<Outcome<readonly Link[]>> {
  const view = await readAddresses(run, { deadlineMs: 5000 });
  if (view.kind !== 'done') return view;
  const ofLink = Map.groupBy(view.value.addresses, (address) => address.interface);
  const links = Array.from(view.value.links, ([name, { isUp, operState }]) => ({
    name,
    isUp: isUp && !down.has(operState),
    addresses: (ofLink.get(name) ?? []).map(({ ip, prefix }) => ({ ip, prefix })),
  }));
  return done(links);
}
