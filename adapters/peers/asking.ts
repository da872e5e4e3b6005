// The asking side: questions that wait for their answer. Each is answered once, by whom it was put to, or not at all.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/ports/clock.ts';
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import type { Peer, PeerQuestion, PeerStatement } from '../../src/ports/peers.ts';
import { noChallenge } from './challenges.ts';
import { type Frame, type OpenedFrame, protocolVersion } from './frame.ts';
import { type Challenge, fits, parseBody } from './message.ts';
import type { Refusal } from './refusal.ts';

interface AskingParts {
  readonly node: string;
  readonly clock: Clock;
  send(question: Pick<Frame, 'nonce' | 'body'>, address: string, onFailed: (why: string) => void): void;
}

interface Waiting {
  readonly peer: Peer;
  sends: number;
  readonly send: (challenge: string) => void;
  readonly settle: (outcome: Outcome<PeerStatement>) => void;
}

/** The first one, one with the challenge of the answerer, and some for questions that overtake each other. */
const sendsMax = 4;

export class Asking {
  readonly #parts: AskingParts;
  /** By nonce. */
  readonly #waiting = new Map<string, Waiting>();
  /** The last challenge of each node. */
  readonly #challenges = new Map<string, string>();

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  ask(peer: Peer, question: PeerQuestion, { deadlineMs, signal }: CallOptions): Promise<Outcome<PeerStatement>> {
    if (signal?.aborted === true) return Promise.resolve(unknown('called off before it started'));
    const { node, clock } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<Outcome<PeerStatement>>();
    const nonce = randomBytes(16).toString('hex');
    const settle = (outcome: Outcome<PeerStatement>): void => {
      this.#waiting.delete(nonce);
      cancel();
      signal?.removeEventListener('abort', callOff);
      resolve(outcome);
    };
    const callOff = (): void => settle(unknown('called off'));
    const cancel = clock.after(deadlineMs, () => settle(unknown(`no answer from ${peer.node} in time`)));
    signal?.addEventListener('abort', callOff, { once: true });
    const { session, failsafe } = question;
    const send = (challenge: string): void => {
      const body = JSON.stringify({ from: node, to: peer.node, challenge, session, failsafe });
      if (fits(body)) this.#parts.send({ nonce, body }, peer.address, (why) => settle(unknown(why)));
      else settle(unknown('the question is too long'));
    };
    this.#waiting.set(nonce, { peer, sends: 1, send, settle });
    send(this.#challenges.get(peer.node) ?? noChallenge);
    return promise;
  }

  /** What came back. Says why it was not taken. */
  hear(frame: OpenedFrame): Refusal | null {
    const waiting = this.#waiting.get(frame.nonce);
    if (waiting === undefined) return 'unasked';
    const { peer } = waiting;
    if (frame.version !== protocolVersion) {
      const versions = `${String(frame.version)}, this node ${String(protocolVersion)}`;
      waiting.settle(unknown(`${peer.node} speaks version ${versions}, of the peers' messages: update the older one`));
      return 'version';
    }
    if (frame.kind !== 'answer') return this.#challenged(waiting, parseBody('challenge', frame.body));
    const body = parseBody('answer', frame.body);
    if (body === null) return 'malformed';
    if (!this.#isFrom(peer, body)) return 'misdirected';
    const { from, session, consulAgeMs, missed, objection, challenge } = body;
    this.#challenges.set(from, challenge);
    waiting.settle(done({ node: from, session, consulAgeMs, missed, objection }));
    return null;
  }

  /** Nobody is waited for any more. */
  stop(): void {
    for (const waiting of this.#waiting.values()) waiting.settle(unknown('this node has stopped'));
  }

  #challenged(waiting: Waiting, body: Challenge | null): Refusal | null {
    if (body === null) return 'malformed';
    if (!this.#isFrom(waiting.peer, body)) return 'misdirected';
    this.#challenges.set(body.from, body.challenge);
    if (waiting.sends >= sendsMax) return 'unasked';
    waiting.sends += 1;
    waiting.send(body.challenge);
    return null;
  }

  #isFrom(peer: Peer, { from, to }: Challenge): boolean {
    return from === peer.node && to === this.#parts.node;
  }
}
