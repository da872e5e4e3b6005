// The answering side. Only questions that are authentic, for this node, and new are answered; to others that are
// authentic goes a challenge, which is no longer than they are.
import type { Clock } from '../../src/ports/clock.ts';
import type { PeerQuestion, PeerStatement } from '../../src/ports/peers.ts';
import { Challenges } from './challenges.ts';
import { type Frame, type OpenedFrame, protocolVersion } from './frame.ts';
import { answerText, fits, parseBody } from './message.ts';
import type { Refusal } from './refusal.ts';

interface Reply {
  readonly frame: Frame | null;
  readonly refusal: Refusal | null;
}

export class Answering {
  readonly #node: string;
  readonly #challenges: Challenges;
  /** Null: nobody is answered. */
  answer: ((question: PeerQuestion) => PeerStatement) | null = null;

  constructor(node: string, clock: Clock) {
    this.#node = node;
    this.#challenges = new Challenges(clock);
  }

  reply({ version, nonce, body }: OpenedFrame): Reply {
    if (this.answer === null) return nothing(null);
    const frame = { version: protocolVersion, nonce };
    if (version !== protocolVersion) return { frame: { ...frame, kind: 'otherVersion', body: '' }, refusal: 'version' };
    const question = parseBody('question', body);
    if (question === null) return nothing('malformed');
    const { from, to, session, failsafe } = question;
    if (to !== this.#node || from === this.#node) return nothing('misdirected');
    const worth = this.#challenges.use(from, question.challenge);
    const route = { from: to, to: from, challenge: this.#challenges.issue() };
    if (worth !== 'believed') {
      const refusal = worth === 'spent' ? 'repeated' : null;
      return { frame: { ...frame, kind: 'challenge', body: JSON.stringify(route) }, refusal };
    }
    const text = answerText(route, this.answer({ node: from, session, failsafe }));
    return fits(text) ? { frame: { ...frame, kind: 'answer', body: text }, refusal: null } : nothing('malformed');
  }
}

const nothing = (refusal: Refusal | null): Reply => ({ frame: null, refusal });
