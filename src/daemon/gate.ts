// A bound on how many commands of one kind run at once. Those that stop serving go before those that start.

type Release = () => void;

export class Gate {
  readonly #limit: number;
  #inside = 0;
  readonly #first = new Set<() => void>();
  readonly #later = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when there is room; null when it was called off before. */
  async enter(later: boolean, signal?: AbortSignal): Promise<Release | null> {
    if (signal?.aborted === true) return null;
    if (this.#inside < this.#limit) this.#inside += 1;
    else if (!(await this.#room(later ? this.#later : this.#first, signal))) return null;
    return () => this.#leave();
  }

  #room(queue: Set<() => void>, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', callOff);
        resolve(true);
      };
      const callOff = (): void => {
        queue.delete(enter);
        resolve(false);
      };
      queue.add(enter);
      signal?.addEventListener('abort', callOff, { once: true });
    });
  }

  #leave(): void {
    const queue = this.#first.size > 0 ? this.#first : this.#later;
    const [next] = queue;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    queue.delete(next);
    next();
  }
}
