// Connections of initiators: listed by ss, tickled through socat, which has the raw socket that Node lacks.
import { isIP } from 'node:net';
import type { Connection, ConnectionsPort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome } from '../../src/ports/outcome.ts';
import { failure, type Run } from '../run.ts';
import { readSockets } from '../ss.ts';
import { isConnection, noConnection } from './connection.ts';
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
  const sockets = await readSockets(run, ['state', 'established'], options);
  return sockets.kind === 'done' ? done(sockets.value.filter(({ portal }) => ports.includes(portal.port))) : sockets;
}

/** Refused by the kernel when the portal's address is not here. */
async function tickle(run: Run, connection: Connection, options: CallOptions): Promise<Outcome> {
  if (!isConnection(connection)) return noConnection;
  const { portal, peer } = connection;
  const family = isIP(peer.ip);
  const [to, from] = family === 6 ? [`[${peer.ip}]`, `[${portal.ip}]`] : [peer.ip, portal.ip];
  const argv = ['socat', '-u', 'STDIN', `IP${family}-SENDTO:${to}:${tcp},bind=${from}`];
  const result = await run(argv, { ...options, inputBytes: bareAck(connection) });
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}
