// What the journal left behind, for as long as nothing was told to it since the start of this daemon.
import type { Snapshot } from '../core/definition.ts';
import type { Registry } from './registry.ts';

export class Inheritance {
  readonly #registry: Registry;
  readonly #left = new Map<string, Snapshot>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** To be called when the journal is recovered. */
  note(): void {
    for (const { id, snapshot } of this.#registry.all()) if (id.startsWith('path/')) this.#left.set(id, snapshot);
  }

  /** Snapshots never change: an actor that has another one now was told something. */
  isUntouched(actor: string): boolean {
    const left = this.#left.get(actor);
    if (left === undefined) return false;
    if (this.#registry.get(actor)?.snapshot === left) return true;
    this.#left.delete(actor);
    return false;
  }
}
