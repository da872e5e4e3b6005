// Reads what `ss` lists. Strictly: what is not understood makes the whole answer unreadable.
import type { Connection, Endpoint } from '../src/ports/dataplane.ts';
import { plainIp } from '../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, unknown } from '../src/ports/outcome.ts';
import { describe, failure, type Run } from './run.ts';

/** `filter`: which sockets, in the words of `ss`. */
export async function readSockets(
  run: Run,
  filter: readonly string[],
  options: CallOptions,
): Promise<Outcome<readonly Connection[]>> {
  const result = await run(['ss', '-H', '-t', '-n', ...filter], options);
  if (result.kind === 'missing') return failure(result);
  if (result.kind === 'unknown' || result.code !== 0) return unknown(`sockets cannot be read: ${describe(result)}`);
  const connections: Connection[] = [];
  for (const line of result.stdout.split('\n').filter((text) => text.trim() !== '')) {
    const [, local, peer] = /\s(\S+:\d+)\s+(\S+:\d+)\s*$/.exec(line) ?? [];
    if (local === undefined || peer === undefined) {
      return unknown('sockets cannot be read: ss printed something unexpected');
    }
    connections.push({ portal: endpointOf(local), peer: endpointOf(peer) });
  }
  return done(connections);
}

function endpointOf(text: string): Endpoint {
  const at = text.lastIndexOf(':');
  return { ip: plainIp(text.slice(0, at).replace(/^\[(.*)\]$/, '$1')), port: Number(text.slice(at + 1)) };
}
