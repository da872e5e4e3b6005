// Where the demo listens. Each demo holds one listener in its block of addresses, so that two never share a block.
import { createServer, type Server } from 'node:net';
import { PathwardenError } from '../../errors.ts';

export interface AddressBlock {
  readonly portalPort: number;
  /** Both from 1 to 64. */
  ipOf(disk: number, path: number): string;
  /** Where the node, from 1 to 64, is asked by the others. */
  peerOf(node: number): string;
  release(): void;
}

const portalPorts = [3260, 13_260, 23_260];
const peerPort = 7481;
const firstBlock = 77;
const blocksMax = 32;
const inspectorPortsMax = 500;

/** Takes the first free block of 127.0.0.0/8. */
export async function claimAddresses(): Promise<AddressBlock> {
  for (const portalPort of portalPorts) {
    for (let block = firstBlock; block < firstBlock + blocksMax; block += 1) {
      const server = await listenOn(`127.${String(block)}.0.1`, portalPort);
      if (server === null) continue;
      return {
        portalPort,
        ipOf: (disk, path) => `127.${String(block)}.${String(disk)}.${String(path)}`,
        peerOf: (node) => `127.${String(block)}.0.${String(node)}:${String(peerPort)}`,
        release: () => void server.close(),
      };
    }
  }
  throw new PathwardenError('PORT_IN_USE', `No free port on loopback for the portals: tried ${portalPorts.join(', ')}`);
}

/** Answers a port of 127.0.0.1 that was free a moment ago, each one once. */
export function portFinder(first: number): () => Promise<number> {
  let next = first;
  return async () => {
    while (next < first + inspectorPortsMax) {
      const port = next;
      next += 1;
      const server = await listenOn('127.0.0.1', port);
      if (server === null) continue;
      await new Promise((resolve) => {
        server.close(resolve);
      });
      return port;
    }
    throw new PathwardenError('PORT_IN_USE', `No free port from ${String(first)} on for the inspectors`);
  };
}

function listenOn(host: string, port: number): Promise<Server | null> {
  const { promise, resolve } = Promise.withResolvers<Server | null>();
  const server = createServer((socket) => socket.destroy());
  server.once('error', () => resolve(null));
  server.listen({ host, port, exclusive: true }, () => resolve(server));
  return promise;
}
