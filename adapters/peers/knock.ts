// Asks another daemon for a challenge, the first half of every question. Whoever answers lives and has our key; it
// keeps nothing of who asked, so nobody is taken for alive by it.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { PeerKnockPort } from '../../src/ports/doctor.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { noChallenge } from './challenges.ts';
import { parseEndpoint } from './endpoint.ts';
import { open, protocolVersion, seal } from './frame.ts';
import type { Keyring } from './keyring.ts';

const answerMs = 1000;

export function peerKnock(settings: { readonly node: string; readonly keyring: Keyring }): PeerKnockPort {
  return {
    async knock({ node, address }) {
      const to = parseEndpoint(address);
      if (to === null) return refused(`${address} is no address`, 'invalid');
      const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const noAnswer = unknown(`${address} did not answer within ${String(answerMs)} ms, with our key`);
      const timer = setTimeout(() => resolve(noAnswer), answerMs);
      const keys = settings.keyring.keys();
      const nonce = randomBytes(16).toString('hex');
      socket.on('error', (error) => resolve(unknown(`${address}: ${String(Reflect.get(error, 'code'))}`)));
      socket.on('message', (datagram) => {
        const frame = open(datagram, keys);
        if (frame !== null && frame.nonce === nonce) resolve(answered(address, frame.version));
      });
      // A question without a challenge of the other's is never believed, only answered with one.
      const question = { from: settings.node, to: node, challenge: noChallenge, session: null, failsafe: false };
      const body = JSON.stringify(question);
      socket.send(seal({ version: protocolVersion, kind: 'question', nonce, body }, keys[0]), to.port, to.ip);
      const outcome = await promise;
      clearTimeout(timer);
      socket.close();
      return outcome;
    },
  };
}

function answered(address: string, version: number): Outcome {
  if (version === protocolVersion) return done(null);
  const versions = `${String(version)} of the peers' messages, and this node ${String(protocolVersion)}`;
  return refused(`${address} speaks version ${versions}: update the older one`);
}
