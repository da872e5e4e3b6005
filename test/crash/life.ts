// One life of a daemon: from its start until the harness cuts it. Afterwards nothing of it reaches the world.
import type { Clock } from '../../src/ports/clock.ts';

export class Life {
  readonly node: string;
  /** 1 for the first daemon of the node. */
  readonly number: number;
  #ends: (() => void)[] = [];
  #isOver = false;

  constructor(node: string, number: number) {
    this.node = node;
    this.number = number;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs when the life is cut. */
  atEnd(act: () => void): void {
    this.#ends.push(act);
  }

  end(): void {
    this.#isOver = true;
    for (const act of this.#ends.splice(0)) act();
  }
}

/** What a caller that is gone waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Timers of a process end with it. */
export const clockOf = (life: Life, clock: Clock): Clock => ({
  monotonicMs: () => clock.monotonicMs(),
  wallMs: () => clock.wallMs(),
  after: (ms, fire) =>
    life.isOver
      ? () => {}
      : clock.after(ms, () => {
          if (!life.isOver) fire();
        }),
});
