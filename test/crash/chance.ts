// Chance of its own for each life: daemons that make the same requests meet the same latencies, whatever became of
// the others.
import { pseudoRandom, type PseudoRandom } from '../machines/random.ts';
import type { Life } from './life.ts';

const latenciesMs = [0, 0, 0, 1, 2, 3, 5, 8, 15, 30];
const lateMs = [0, 0, 100, 700, 2_500];
/** No command that was under way when a daemon was cut takes longer than this. */
const restartAfterMs = [40, 60, 250, 1_000, 1_800];
const compactEveryMs = 400;

export class Chance {
  readonly #seed: number;
  readonly #known = new Map<Life, PseudoRandom>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  latencyMs(life: Life): number {
    return this.#of(life).pick(latenciesMs);
  }

  /** What was under way when the daemon was cut happens all the same. */
  lands(life: Life): boolean {
    return this.#of(life).below(2) === 0;
  }

  lateMs(life: Life): number {
    return this.#of(life).pick(lateMs);
  }

  restartAfterMs(life: Life): number {
    return this.#of(life).pick(restartAfterMs);
  }

  compactAfterMs(life: Life): number {
    return compactEveryMs + this.#of(life).below(compactEveryMs);
  }

  #of(life: Life): PseudoRandom {
    const known = this.#known.get(life);
    if (known !== undefined) return known;
    const node = Number(life.node.replace(/\D/g, ''));
    const chance = pseudoRandom(this.#seed * 7_919 + node * 101 + life.number);
    this.#known.set(life, chance);
    return chance;
  }
}
