// The memory twin of connections. Nothing in it ever fails: nothing depends on them.
import type { ConnectionsPort } from '../../src/ports/dataplane.ts';
import { sameIp } from '../../src/ports/ip.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { MemoryHost } from '../memory-host.ts';
import { isConnection, noConnection } from './connection.ts';

export function memoryConnections(host: MemoryHost): ConnectionsPort {
  return {
    observe: async (ports) => done(host.connections.filter(({ portal }) => ports.includes(portal.port))),
    async tickle(connection) {
      if (!isConnection(connection)) return noConnection;
      const { portal, peer } = connection;
      if (![...host.addresses.keys()].some((ip) => sameIp(ip, portal.ip))) return refused(`${portal.ip} is not here`);
      host.tickled.push(peer);
      return done(null);
    },
  };
}
