// Unsolicited neighbour advertisements through ndptool: to all nodes, with the link address and the override flag.
import type { Address } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome } from '../../src/ports/outcome.ts';
import { failure, type Run } from '../run.ts';

/** It sends for any address: to be asked only when the address is here. */
export async function announceByAdvertisement(run: Run, address: Address, options: CallOptions): Promise<Outcome> {
  const argv = ['ndptool', '-t', 'na', '-U', '-i', address.interface, '-T', address.ip, 'send'];
  const result = await run(argv, options);
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}
