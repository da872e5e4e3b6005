// Nodes on real sockets, and somebody between them who reads, holds back, changes and repeats what they say.
import { createSecretKey } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../adapters/clock/system.ts';
import { type UdpPeers, udpPeers } from '../../../adapters/peers/udp.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { PeerQuestion, PeerStatement } from '../../../src/ports/peers.ts';

const secret = '5a'.repeat(32);
export const key = createSecretKey(secret, 'hex');

export const asks = (node: string, failsafe = true): PeerQuestion => ({ node, session: 'session-of-gw1', failsafe });
export const says = (node: string, more: Partial<PeerStatement> = {}): PeerStatement => ({
  node,
  session: `session-of-${node}`,
  consulAgeMs: 120,
  missed: {},
  objection: null,
  ...more,
});

export interface Node {
  readonly port: UdpPeers;
  readonly udpPort: number;
  /** Questions that it believed. */
  readonly heard: PeerQuestion[];
  /** Why it did not take datagrams, in order. */
  readonly refusals: string[];
  /** Resolves when it has refused so many datagrams in all. */
  refused(count: number): Promise<void>;
}

/** Everything that one test opens, closed by `close`. */
export interface Wire {
  readonly folder: string;
  node(name: string, options?: { clock?: Clock; statement?: PeerStatement; port?: number }): Promise<Node>;
  between(target: Node): Promise<Between>;
  close(): Promise<void>;
}

export interface Between {
  /** Asked here, the target answers. */
  readonly address: string;
  readonly questions: Buffer[];
  readonly answers: Buffer[];
  /** What becomes of each datagram: the ones to pass on. As it is when not set. */
  onQuestion: (datagram: Buffer) => readonly Buffer[];
  onAnswer: (datagram: Buffer) => readonly Buffer[];
  /** Said to the target, or to who asked last, again or for the first time. */
  toTarget(datagram: Buffer): Promise<void>;
  toAsker(datagram: Buffer): Promise<void>;
  /** Resolves with the next datagram that the target sends back. */
  nextAnswer(): Promise<Buffer>;
}

export async function openWire(): Promise<Wire> {
  const folder = await mkdtemp('/tmp/pathwarden-peers-');
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, secret, { mode: 0o600 });
  const closing: (() => Promise<unknown>)[] = [];
  return {
    folder,
    async node(name, { clock = systemClock(), statement = says(name), port = 0 } = {}) {
      const refusals: string[] = [];
      const waiting = new Set<() => void>();
      const heard: PeerQuestion[] = [];
      const onRefused = (refusal: string): void => {
        refusals.push(refusal);
        for (const look of waiting) look();
      };
      const listen = `127.0.0.1:${String(port)}`;
      const peers = await udpPeers({ node: name, listen, keyFile, clock, onRefused, onTrouble: () => {} });
      closing.push(() => peers.stop());
      peers.answerWith((question) => {
        heard.push(question);
        return statement;
      });
      const refused = (count: number): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => {
            if (refusals.length < count) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
        });
      return { port: peers, udpPort: Number(peers.address.split(':')[1]), heard, refusals, refused };
    },
    async between(target) {
      const [front, back] = [await openSocket(), await openSocket()];
      closing.push(() => shut(front), () => shut(back));
      return tap(front, back, target);
    },
    async close() {
      for (const each of closing.toReversed()) await each();
      await rm(folder, { recursive: true });
    },
  };
}

function tap(front: Socket, back: Socket, target: Node): Between {
  let asker: RemoteInfo | null = null;
  const between: Between = {
    address: `127.0.0.1:${String(front.address().port)}`,
    questions: [],
    answers: [],
    onQuestion: (datagram) => [datagram],
    onAnswer: (datagram) => [datagram],
    toTarget: (datagram) => sendTo(back, datagram, target.udpPort),
    toAsker: (datagram) => (asker === null ? Promise.resolve() : sendTo(front, datagram, asker.port)),
    async nextAnswer() {
      const [datagram] = (await once(back, 'message')) as [Buffer];
      return datagram;
    },
  };
  front.on('message', (datagram, sender) => {
    asker = sender;
    between.questions.push(datagram);
    for (const each of between.onQuestion(datagram)) void between.toTarget(each);
  });
  back.on('message', (datagram) => {
    between.answers.push(datagram);
    for (const each of between.onAnswer(datagram)) void between.toAsker(each);
  });
  return between;
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

const sendTo = (socket: Socket, datagram: Buffer, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
  });

const shut = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.close(resolve);
  });
