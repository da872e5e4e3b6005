// All actors of this node, by id.
import type { Intent } from '../../machines/intent.ts';
import { kindOf } from '../core/definition.ts';
import { PathwardenError } from '../errors.ts';
import { newActor, type Actor } from './actor.ts';

export class Registry {
  readonly #actors = new Map<string, Actor>();
  /** Which actor asked for a pending intent. */
  readonly #askers = new Map<string, string>();

  /** Throws `NOT_FOUND` when no machine answers to such an id. */
  ensure(id: string): Actor {
    const existing = this.#actors.get(id);
    if (existing !== undefined) return existing;
    const kind = kindOf(id);
    if (kind === undefined) {
      throw new PathwardenError(
        'NOT_FOUND',
        `No actor can be called ${id}: use path/<disk>/<index>, disk/<disk>, exclusion/<session> or node.`,
      );
    }
    const actor = newActor(id, kind);
    this.#actors.set(id, actor);
    return actor;
  }

  get(id: string): Actor | undefined {
    return this.#actors.get(id);
  }

  all(): IterableIterator<Actor> {
    return this.#actors.values();
  }

  get size(): number {
    return this.#actors.size;
  }

  remove(id: string): void {
    for (const intent of this.#actors.get(id)?.pending.keys() ?? []) this.#askers.delete(intent);
    this.#actors.delete(id);
  }

  setPending(actor: Actor, pending: ReadonlyMap<string, Intent>): void {
    if (pending === actor.pending) return;
    for (const id of actor.pending.keys()) if (!pending.has(id)) this.#askers.delete(id);
    for (const id of pending.keys()) if (!actor.pending.has(id)) this.#askers.set(id, actor.id);
    actor.pending = pending;
  }

  /** The actor that waits for this intent's answer; undefined when nobody does any more. */
  askerOf(intentId: string): Actor | undefined {
    const id = this.#askers.get(intentId);
    return id === undefined ? undefined : this.#actors.get(id);
  }
}
