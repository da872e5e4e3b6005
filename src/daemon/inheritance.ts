// What the journal left behind, for as long as nothing was told to it since the start of this daemon.
import type { Registry } from './registry.ts';

export class Inheritance {
  readonly #registry: Registry;
  /** By actor: its last record. */
  readonly #left = new Map<string, number>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** To be called when the journal is recovered. */
  note(): void {
    for (const { id, seq } of this.#registry.all()) if (id.startsWith('path/')) this.#left.set(id, seq);
  }

  /** An event that changes no state leaves the snapshot as it is; its record shows that something was told. */
  isUntouched(actor: string): boolean {
    const left = this.#left.get(actor);
    if (left === undefined) return false;
    if (this.#registry.get(actor)?.seq === left) return true;
    this.#left.delete(actor);
    return false;
  }
}
