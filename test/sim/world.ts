// The only time there is: events in order, each of them with everything that follows from it before the next one.

export type Cancel = () => void;

const eventsAtOnce = 64;
/** Somebody waits for nothing, again and again. */
const eventsInOneMomentMax = 100_000;

interface Scheduled {
  readonly dueMs: number;
  readonly order: number;
  fire: (() => void) | null;
}

export class World {
  nowMs = 0;
  /** Events carried out so far. */
  events = 0;
  readonly #heap: Scheduled[] = [];
  #order = 0;
  #inThisMoment = 0;
  #stopped = false;

  at(dueMs: number, fire: () => void): Cancel {
    const scheduled: Scheduled = { dueMs: Math.max(dueMs, this.nowMs), order: this.#order++, fire };
    push(this.#heap, scheduled);
    return () => {
      scheduled.fire = null;
    };
  }

  after(ms: number, fire: () => void): Cancel {
    return this.at(this.nowMs + Math.max(0, ms), fire);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when nothing is left before `untilMs`, or when it is stopped. Rejects with what an event throws. */
  async run(untilMs: number): Promise<void> {
    while (await this.#runSome(untilMs)) {}
    if (!this.#stopped) this.nowMs = untilMs;
  }

  /**
   * After each immediate, every promise reaction that is ready runs, however long the chain. Several are asked for
   * at once, because each look of the event loop for more costs a system call. Answers whether there may be more.
   */
  #runSome(untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let left = eventsAtOnce;
      let isOver = false;
      const turn = (): void => {
        left -= 1;
        if (isOver) return;
        try {
          isOver = !this.#runNext(untilMs);
        } catch (error) {
          isOver = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        if (isOver || left === 0) resolve(!isOver);
      };
      for (let at = 0; at < eventsAtOnce; at += 1) setImmediate(turn);
    });
  }

  #runNext(untilMs: number): boolean {
    const next = this.#stopped ? null : this.#next(untilMs);
    if (next === null) return false;
    this.#inThisMoment = next.dueMs === this.nowMs ? this.#inThisMoment + 1 : 0;
    if (this.#inThisMoment > eventsInOneMomentMax) throw new RangeError('time does not go on any more');
    this.nowMs = next.dueMs;
    this.events += 1;
    next.fire?.();
    return true;
  }

  #next(untilMs: number): Scheduled | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > untilMs) return null;
      pop(this.#heap);
      if (first.fire !== null) return first;
    }
  }
}

const isBefore = (a: Scheduled, b: Scheduled): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

function push(heap: Scheduled[], item: Scheduled): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, item)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = item;
}

function pop(heap: Scheduled[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (child === undefined || isBefore(last, child)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
}
