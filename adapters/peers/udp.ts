// Peers over UDP: one socket for questions and answers, one datagram for each.
import type { KeyObject } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { PathwardenError } from '../../src/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { unknown } from '../../src/ports/outcome.ts';
import type { PeersPort } from '../../src/ports/peers.ts';
import { Answering } from './answering.ts';
import { Asking } from './asking.ts';
import { type Endpoint, endpointText, parseEndpoint } from './endpoint.ts';
import { type Frame, open, protocolVersion, seal } from './frame.ts';
import { type KeyFiles, openKeyring } from './keyring.ts';
import type { OnRefused } from './refusal.ts';

interface UdpPeersSettings extends KeyFiles {
  readonly node: string;
  /** `ip:port`, `[ip]:port` for IPv6. `[::]` takes IPv4 as well; port 0 takes any free one. */
  readonly listen: string;
  readonly clock: Clock;
  /** Called for every datagram that is not taken. */
  readonly onRefused: OnRefused;
  /** The socket or a key file is in trouble; it goes on. */
  readonly onTrouble: (reason: string) => void;
}

export interface UdpPeers extends PeersPort {
  /** Where it listens, with the port that it got. */
  readonly address: string;
}

/** Throws `CONFIG_INVALID` for a key or an address that cannot be used, and `PORT_IN_USE`. */
export async function udpPeers(settings: UdpPeersSettings): Promise<UdpPeers> {
  const { node, clock, onTrouble, onRefused } = settings;
  const keyring = await openKeyring(settings);
  const socket = await bound(settings.listen);
  socket.on('error', (error) => onTrouble(`the socket of the peers: ${codeOf(error)}`));
  const answering = new Answering(node, clock);
  const asking = new Asking({
    node,
    clock,
    send({ nonce, body }, address, onFailed) {
      const to = destination(socket, address);
      if (to === null) return onFailed(`${address} cannot be reached from ${settings.listen}`);
      const [key] = keyring.keys();
      const datagram = seal({ version: protocolVersion, kind: 'question', nonce, body }, key);
      socket.send(datagram, to.port, to.ip, (error) => {
        if (error !== null) onFailed(`${address} cannot be reached: ${codeOf(error)}`);
      });
    },
  });
  socket.on('message', (datagram, sender) => {
    const frame = open(datagram, keyring.keys());
    const refuse = (refusal: Parameters<OnRefused>[0]): void => onRefused(refusal, endpointText(sender));
    if (frame === null) return refuse('forged');
    if (frame.kind !== 'question') {
      const refusal = asking.hear(frame);
      return refusal === null ? undefined : refuse(refusal);
    }
    const { frame: reply, refusal } = answering.reply(frame);
    if (refusal !== null) refuse(refusal);
    if (reply !== null) answer(socket, reply, frame.key, sender);
  });
  let stopped = false;
  return {
    address: endpointText(socket.address()),
    ask: (peer, question, options) =>
      stopped ? Promise.resolve(unknown('this node has stopped')) : asking.ask(peer, question, options),
    answerWith(give) {
      answering.answer = give;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      asking.stop();
      await new Promise<void>((resolve) => {
        socket.close(resolve);
      });
    },
  };
}

/** With the key of the question: the asker knows it, also while keys are replaced. */
function answer(socket: Socket, reply: Frame, key: KeyObject, to: { readonly address: string; readonly port: number }) {
  // An answer that cannot be sent is one that was lost.
  socket.send(seal(reply, key), to.port, to.address, () => undefined);
}

async function bound(listen: string): Promise<Socket> {
  const endpoint = parseEndpoint(listen);
  if (endpoint === null) throw unusable(listen, 'it is no ip:port');
  const socket = createSocket({ type: endpoint.family === 4 ? 'udp4' : 'udp6' });
  socket.bind(endpoint.port, endpoint.ip);
  try {
    await once(socket, 'listening');
  } catch (cause) {
    socket.close();
    if (codeOf(cause) === 'EADDRINUSE') {
      const text = `The peers cannot listen on UDP ${listen}: another program has it. Stop it or take another port.`;
      throw new PathwardenError('PORT_IN_USE', text, { listen }, { cause });
    }
    throw unusable(listen, codeOf(cause), cause);
  }
  return socket;
}

const unusable = (listen: string, why: string, cause?: unknown): PathwardenError =>
  new PathwardenError('CONFIG_INVALID', `The peers cannot listen on ${listen}: ${why}.`, { listen }, { cause });

/** A socket of IPv6 reaches IPv4 by mapped addresses; one of IPv4 never reaches IPv6. */
function destination(socket: Socket, address: string): Endpoint | null {
  const endpoint = parseEndpoint(address);
  if (endpoint === null || endpoint.port === 0) return null;
  const isIpv6 = socket.address().family === 'IPv6';
  if (isIpv6 === (endpoint.family === 6)) return endpoint;
  return isIpv6 ? { ...endpoint, ip: `::ffff:${endpoint.ip}` } : null;
}

const codeOf = (error: unknown): string => {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'string' ? code : 'unknown trouble';
};
