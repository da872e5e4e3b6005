// Addresses of 127.0.0.0/8 need no setup: having one is a note in memory. Somebody else has it when a portal answers.
import { connect } from 'node:net';
import type { Address, AddressPort } from '../../src/ports/dataplane.ts';
import { done, type Outcome, refused } from '../../src/ports/outcome.ts';

interface Settings {
  readonly portalPort: number;
  /** Addresses that this node has now; shared with its target. */
  readonly present: Map<string, Address>;
}

export function loopbackAddress({ portalPort, present }: Settings): AddressPort {
  const onlyLoopback = (address: Address, work: () => Outcome): Outcome =>
    /^127\.\d+\.\d+\.\d+$/.test(address.ip) ? work() : refused(`${address.ip} is not in 127.0.0.0/8`);
  return {
    async probe({ ip }, waitMs, options) {
      if (present.has(ip)) return done({ answeredBy: null });
      return done({ answeredBy: await bannerOf(ip, portalPort, Math.min(waitMs, options.deadlineMs)) });
    },
    ensureAdded: async (address) =>
      onlyLoopback(address, () => {
        present.set(address.ip, address);
        return done(null);
      }),
    async ensureRemoved({ ip }) {
      present.delete(ip);
      return done(null);
    },
    observe: async () => done([...present.values()]),
    announce: async ({ ip }) => (present.has(ip) ? done(null) : refused(`${ip} is not on this node`)),
  };
}

/** The first line that the portal says, or null when nothing listens there. */
function bannerOf(ip: string, port: number, waitMs: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let answered = false;
  const socket = connect({ host: ip, port });
  const end = (answer: string | null): void => {
    socket.destroy();
    resolve(answer);
  };
  const timer = setTimeout(() => end(answered ? `${ip}:${port}` : null), waitMs);
  socket.once('connect', () => (answered = true));
  socket.once('data', (data) => end(data.toString('utf8').split('\n', 1)[0] ?? ''));
  socket.once('error', () => end(null));
  socket.once('close', () => {
    clearTimeout(timer);
    end(answered ? `${ip}:${port}` : null);
  });
  return promise;
}
