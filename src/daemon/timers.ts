// Timers of actors: armed by an intent, they come back as `<name>.due`.
import type { Clock } from '../ports/clock.ts';

interface Armed {
  readonly cancel: () => void;
  readonly dueAtMs: number;
}

export class Timers {
  readonly #clock: Clock;
  readonly #fire: (actor: string, name: string, intent: string) => void;
  readonly #armed = new Map<string, Armed>();

  constructor(clock: Clock, fire: (actor: string, name: string, intent: string) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  arm(actor: string, intent: string, name: string, ms: number): void {
    this.cancel(actor, name);
    const key = `${actor} ${name}`;
    const cancel = this.#clock.after(ms, () => {
      this.#armed.delete(key);
      this.#fire(actor, name, intent);
    });
    this.#armed.set(key, { cancel, dueAtMs: this.#clock.monotonicMs() + ms });
  }

  cancel(actor: string, name: string): void {
    const key = `${actor} ${name}`;
    this.#armed.get(key)?.cancel();
    this.#armed.delete(key);
  }

  cancelAll(): void {
    for (const { cancel } of this.#armed.values()) cancel();
    this.#armed.clear();
  }

  of(actor: string): readonly { readonly name: string; readonly dueInMs: number }[] {
    const prefix = `${actor} `;
    return [...this.#armed]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { dueAtMs }]) => ({
        name: key.slice(prefix.length),
        dueInMs: Math.max(0, Math.round(dueAtMs - this.#clock.monotonicMs())),
      }));
  }
}
