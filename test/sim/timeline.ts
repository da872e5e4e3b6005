// One time line of one host or process: it can stand still, run fast or slow, and end. What falls due while it stands
// still happens when it goes on. The clock of a host is a thing of its own: it goes on while the host stands still, or
// stops too, and timers wait for as much longer as it stood.
import type { Clock } from '../../src/ports/clock.ts';
import type { Cancel, World } from './world.ts';

export interface TimelineOptions {
  readonly world: World;
  /** Monotonic milliseconds for each true one: 0.98 … 1.02. */
  readonly rate: number;
  /** Timers come this much too early at most, as Node's do: it counts from when its event loop last woke. */
  readonly earlyMs?: number;
  readonly wallOffsetMs: () => number;
  /** Whose monotonic clock it reads: its host's. Left out: its own. */
  readonly host?: Timeline;
}

interface Armed {
  readonly fire: () => void;
  /** True time. */
  dueMs: number;
  cancel: Cancel;
}

const finestMs = 0.01;
const wallStartMs = 1_750_000_000_000;

export class Timeline implements Clock {
  readonly #world: World;
  readonly #rate: number;
  readonly #earlyMs: number;
  readonly #wallOffsetMs: () => number;
  readonly #bornMs: number;
  readonly #armed = new Set<Armed>();
  readonly #host: Timeline | null;
  /** Those that read this clock. */
  readonly #readers = new Set<Timeline>();
  #held: (() => void)[] = [];
  #stillSinceMs: number | null = null;
  /** By its own clock only: how long that stood, and since when it does. */
  #clockStoodMs = 0;
  #clockStoodSinceMs: number | null = null;
  #ended = false;

  constructor({ world, rate, earlyMs = 0, wallOffsetMs, host }: TimelineOptions) {
    this.#world = world;
    this.#rate = rate;
    this.#earlyMs = earlyMs;
    this.#wallOffsetMs = wallOffsetMs;
    this.#host = host ?? null;
    this.#bornMs = world.nowMs;
    if (this.#host !== null) this.#host.#readers.add(this);
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get isStill(): boolean {
    return this.#stillSinceMs !== null;
  }

  get isRunning(): boolean {
    return !this.#ended && this.#stillSinceMs === null;
  }

  /** Counts from the boot of the host, as CLOCK_MONOTONIC does. */
  monotonicMs(): number {
    if (this.#host !== null) return this.#host.monotonicMs();
    return (this.#clockNowMs - this.#bornMs - this.#clockStoodMs) * this.#rate;
  }

  wallMs(): number {
    return Math.round(wallStartMs + this.#world.nowMs + this.#wallOffsetMs());
  }

  after(ms: number, fire: () => void): Cancel {
    const early = ms > this.#earlyMs ? this.#earlyMs : 0;
    // No timer is finer than this; without it a rounded rest could come due for ever.
    const waitMs = ms > 0 ? Math.max(finestMs, ms - early) : 0;
    const dueMs = (this.#host ?? this).#clockNowMs + waitMs / this.#rate;
    const armed: Armed = { fire, dueMs, cancel: () => {} };
    this.#arm(armed);
    return () => {
      this.#armed.delete(armed);
      armed.cancel();
    };
  }

  /** Something from outside reaches it: at once, or when it goes on, or never. */
  deliver(happen: () => void): void {
    if (this.#ended) return;
    if (this.#stillSinceMs === null) happen();
    else this.#held.push(happen);
  }

  /** The same for the answer of a call. */
  answer<T>(call: Promise<T>): Promise<T> {
    if (this.#ended) return never<T>();
    return new Promise((resolve, reject) => {
      call.then(
        (value) => this.deliver(() => resolve(value)),
        (error: unknown) => this.deliver(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  standStill(): void {
    this.#stillSinceMs ??= this.#world.nowMs;
  }

  goOn(order: (held: (() => void)[]) => (() => void)[]): void {
    if (this.#stillSinceMs === null) return;
    this.#stillSinceMs = null;
    const held = order(this.#held);
    this.#held = [];
    // One after the other, each with what follows from it.
    for (const happen of held) this.#world.after(0, () => this.deliver(happen));
  }

  /** The monotonic clock of this host does not see the time that passes from now on. */
  stopClock(): void {
    this.#clockStoodSinceMs ??= this.#world.nowMs;
  }

  startClock(): void {
    if (this.#clockStoodSinceMs === null) return;
    const stoodMs = this.#world.nowMs - this.#clockStoodSinceMs;
    this.#clockStoodSinceMs = null;
    this.#clockStoodMs += stoodMs;
    for (const line of [this, ...this.#readers]) line.#postpone(stoodMs);
  }

  end(): void {
    this.#ended = true;
    if (this.#host !== null) this.#host.#readers.delete(this);
    for (const { cancel } of this.#armed) cancel();
    this.#armed.clear();
    this.#held = [];
  }

  /** True time up to which its clock has counted. */
  get #clockNowMs(): number {
    return this.#clockStoodSinceMs ?? this.#world.nowMs;
  }

  #postpone(byMs: number): void {
    for (const armed of this.#armed) {
      armed.dueMs += byMs;
      // It fell due before the clock stopped, and is held.
      if (armed.dueMs <= this.#world.nowMs) continue;
      armed.cancel();
      this.#arm(armed);
    }
  }

  #arm(armed: Armed): void {
    if (this.#ended) return;
    this.#armed.add(armed);
    armed.cancel = this.#world.at(armed.dueMs, () => {
      if (!this.#armed.delete(armed)) return;
      this.#hold(armed);
    });
  }

  /** A timer that is due while time stands still can still be cancelled by what happens before it. */
  #hold(armed: Armed): void {
    if (this.#stillSinceMs === null) {
      armed.fire();
      return;
    }
    let isOff = false;
    armed.cancel = () => {
      isOff = true;
    };
    this.#armed.add(armed);
    this.#held.push(() => {
      if (isOff) return;
      this.#armed.delete(armed);
      armed.fire();
    });
  }
}

export const never = <T>(): Promise<T> => new Promise<T>(() => {});
