// Connections of initiators: listed by ss, tickled through socat, which has the raw socket that Node lacks.
import { isIP } from 'node:net';
import type { Connection, ConnectionsPort, Endpoint } from '../../src/ports/dataplane.ts';
import { plainIp } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';
import { bareAck, tcp } from './segment.ts';

export function socketConnections({ run }: { run: Run }): ConnectionsPort {
  return {
    observe: (ports, options) => observe(run, ports, options),
    tickle: (connection, options) => tickle(run, connection, options),
  };
}

async function observe(
  run: Run, ports: readonly number[], options: CallOptions,
): Promise<Outcome<readonly Connection[]>> {
  const result = await run(['ss', '-H', '-t', '-n', 'state', 'established'], options);
  if (result.kind === 'missing') return failure(result);
  if (result.kind === 'unknown' || result.code !== 0) return unknown(`sockets cannot be read: ${describe(result)}`);
  const connections: Connection[] = [];
  for (const line of result.stdout.split('\n').filter((text) => text.trim() !== '')) {
    const [, local = '', peer = ''] = /\s(\S+:\d+)\s+(\S+:\d+)\s*$/.exec(line) ?? [];
    if (local === '') return unknown('sockets cannot be read: ss printed something unexpected');
    const portal = endpointOf(local);
    if (ports.includes(portal.port)) connections.push({ portal, peer: endpointOf(peer) });
  }
  return done(connections);
}

function endpointOf(text: string): Endpoint {
  const at = text.lastIndexOf(':');
  return { ip: plainIp(text.slice(0, at).replace(/^\[(.*)\]$/, '$1')), port: Number(text.slice(at + 1)) };
}

/** Refused by the kernel when the portal's address is not here. */
async function tickle(run: Run, connection: Connection, options: CallOptions): Promise<Outcome> {
  const { portal, peer } = connection;
  const family = isIP(peer.ip);
  if (![portal, peer].every(isEndpoint) || isIP(portal.ip) !== family) return refused('this is no connection');
  const [to, from] = family === 6 ? [`[${peer.ip}]`, `[${portal.ip}]`] : [peer.ip, portal.ip];
  const argv = ['socat', '-u', 'STDIN', `IP${family}-SENDTO:${to}:${tcp},bind=${from}`];
  const result = await run(argv, { ...options, inputBytes: bareAck(connection) });
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}

/** What comes from others must not mean anything else to socat. */
const isEndpoint = ({ ip, port }: Endpoint): boolean =>
  isIP(ip) !== 0 && /^[\da-f.:]+$/i.test(ip) && Number.isInteger(port) && port > 0 && port < 65_536;
