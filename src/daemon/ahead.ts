// Actors as they will be once the turns that are on their way to the disk are durable.
import type { Snapshot } from '../core/definition.ts';
import type { Pending } from '../core/pending.ts';
import type { Actor } from './actor.ts';

interface Coming {
  readonly snapshot: Snapshot;
  readonly pending: Pending;
}

type Actors = ReadonlyMap<Actor, Coming>;

export class Ahead {
  readonly #here = new Map<Actor, Coming>();
  readonly #before: readonly Actors[];

  /** `before`: the turns that may not be adopted yet, newest first. */
  constructor(before: readonly Actors[]) {
    this.#before = before;
  }

  /** As this turn leaves them. */
  get actors(): Actors {
    return this.#here;
  }

  of(actor: Actor): Coming {
    const here = this.#here.get(actor);
    if (here !== undefined) return here;
    for (const turn of this.#before) {
      const found = turn.get(actor);
      if (found !== undefined) return found;
    }
    return actor;
  }

  set(actor: Actor, coming: Coming): void {
    this.#here.set(actor, coming);
  }

  /** The actor waits for this intent's answer no longer: a tell is answered by another actor's record. */
  forget(asker: Actor, intent: string): void {
    const { snapshot, pending } = this.of(asker);
    const rest = new Map(pending);
    rest.delete(intent);
    this.#here.set(asker, { snapshot, pending: rest });
  }
}
