// Neighbour discovery through ndisc6. Without that program an IPv6 address cannot be probed, and the answer says so.
import type { Address } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';

/** Who answers for an address that we do not have: link addresses in lower case. */
export async function probeByNeighbourDiscovery(
  run: Run,
  address: Address,
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<readonly string[]>> {
  const argv = ['ndisc6', '-1', '-q', '-r', '1', '-w', String(waitMs), address.ip, address.interface];
  const result = await run(argv, options);
  if (result.kind !== 'exited') return failure(result);
  const answers = result.stdout.match(/\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b/g) ?? [];
  if (answers.length > 0) return done(answers.map((mac) => mac.toLowerCase()));
  return result.code === timedOut ? done([]) : refused(describe(result));
}

// ndisc6 exits with 2 when nobody answered.
const timedOut = 2;
