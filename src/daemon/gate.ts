// A bound on how many commands of one kind run at once. Those that stop serving go before those that start.

type Release = () => void;

export class Gate {
  readonly #limit: number;
  #inside = 0;
  readonly #first: (() => void)[] = [];
  readonly #later: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  async enter(later: boolean): Promise<Release> {
    if (this.#inside >= this.#limit) {
      await new Promise<void>((resolve) => {
        (later ? this.#later : this.#first).push(resolve);
      });
    } else {
      this.#inside += 1;
    }
    return () => this.#leave();
  }

  #leave(): void {
    const next = this.#first.shift() ?? this.#later.shift();
    if (next === undefined) this.#inside -= 1;
    else next();
  }
}
