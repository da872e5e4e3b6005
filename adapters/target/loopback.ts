// A target without storage, for trying pathwarden out without root: an open portal is a TCP service with one line.
import { createServer, type Server, type Socket } from 'node:net';
import type { Address, Portal, TargetPort, TargetSpec } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { portalKey } from '../memory-host.ts';
import { conflictAmong, sightOf } from './definition.ts';

interface Settings {
  readonly node: string;
  /** Addresses that this node has now; shared with its addresses. */
  readonly present: ReadonlyMap<string, Address>;
}

interface OpenPortal extends Portal {
  readonly server: Server;
  readonly sockets: Set<Socket>;
}

export function loopbackTarget({ node, present }: Settings): TargetPort {
  const targets = new Map<string, TargetSpec>();
  const open = new Map<string, OpenPortal>();
  return {
    async ensureDefined(spec) {
      const conflict = conflictAmong(spec, targets.values());
      if (conflict !== null) return refused(conflict);
      targets.set(spec.iqn, spec);
      return done(null);
    },
    async ensureRemoved({ iqn }, options) {
      const portals = [...open.values()].filter((portal) => portal.iqn === iqn);
      for (const portal of portals) await close(open, portal, options);
      targets.delete(iqn);
      return done(null);
    },
    async ensureOpen(portal, options) {
      if (!targets.has(portal.iqn)) return refused(`target ${portal.iqn} is not defined`, 'undefined');
      if (!present.has(portal.ip)) return refused(`address ${portal.ip} is not on this node`);
      const now = open.get(portalKey(portal));
      if (now !== undefined) return now.iqn === portal.iqn ? done(null) : refused(`portal is open for ${now.iqn}`);
      return listen(open, portal, `pathwarden ${node} ${portal.iqn}\n`, options);
    },
    ensureClosed: (portal, options) => close(open, portal, options),
    observe: async () =>
      done({
        targets: [...targets.values()].map((spec) => sightOf(spec, sessionsOf(open, spec.iqn))),
        portals: [...open.values()].map(({ ip, port }) => ({ ip, port })),
      }),
  };
}

async function listen(
  open: Map<string, OpenPortal>,
  portal: Portal,
  banner: string,
  options: CallOptions,
): Promise<Outcome> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that goes away with an error has nobody here to tell.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    socket.write(banner);
  });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    resolve(refused(`portal ${portal.ip}:${portal.port} cannot be opened: ${error.code ?? error.message}`, 'taken')),
  );
  server.listen({ host: portal.ip, port: portal.port, exclusive: true });
  server.once('listening', () => {
    open.set(portalKey(portal), { ...portal, server, sockets });
    resolve(done(null));
  });
  return inTime(promise, options);
}

async function close(open: Map<string, OpenPortal>, portal: Portal, options: CallOptions): Promise<Outcome> {
  const now = open.get(portalKey(portal));
  if (now === undefined) return done(null);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  now.server.close(() => {
    open.delete(portalKey(portal));
    resolve(done(null));
  });
  for (const socket of now.sockets) socket.resetAndDestroy();
  return inTime(promise, options);
}

async function inTime(work: Promise<Outcome>, options: CallOptions): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve(unknown('no answer before its deadline')), options.deadlineMs);
  void work.then(resolve);
  const outcome = await promise;
  clearTimeout(timer);
  return outcome;
}

const sessionsOf = (open: ReadonlyMap<string, OpenPortal>, iqn: string): number =>
  [...open.values()].filter((portal) => portal.iqn === iqn).reduce((sum, { sockets }) => sum + sockets.size, 0);
