// Questions are believed once, and soon. Each carries a challenge: the answerer's own time, from its last message to
// the asker. It counts only for this start of the answerer, once and in order for each asker, and for a moment. So a
// recorded question is worth nothing, without clocks that agree and without anything to be kept over a restart.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/ports/clock.ts';

const validMs = 2000;

/** What is sent while nothing is known of the answerer yet. */
export const noChallenge = '0'.repeat(48);

export class Challenges {
  readonly #clock: Clock;
  readonly #start = randomBytes(16).toString('hex');
  readonly #lastBelieved = new Map<string, number>();
  #lastIssuedUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new one, above all before: 32 digits for this start, 16 for the time. */
  issue(): string {
    this.#lastIssuedUs = Math.max(this.#lastIssuedUs + 1, this.#nowUs());
    return this.#start + this.#lastIssuedUs.toString(16).padStart(16, '0');
  }

  /** `foreign`: of another start, or of none. `spent`: it, or a later one, was used by this node, or it is too old. */
  use(node: string, challenge: string): 'believed' | 'foreign' | 'spent' {
    const issuedUs = Number.parseInt(challenge.slice(32), 16);
    if (!challenge.startsWith(this.#start) || issuedUs > this.#lastIssuedUs) return 'foreign';
    const isOld = issuedUs < this.#nowUs() - validMs * 1000;
    if (isOld || issuedUs <= (this.#lastBelieved.get(node) ?? 0)) return 'spent';
    this.#lastBelieved.set(node, issuedUs);
    return 'believed';
  }

  #nowUs(): number {
    return Math.floor(this.#clock.monotonicMs() * 1000);
  }
}
