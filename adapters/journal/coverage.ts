// Which records no snapshot covers yet. Recovery reads from the first of them; older ones may be compacted.

interface Uncovered {
  readonly first: number;
  readonly last: number;
}

export class Coverage {
  readonly #actors: Map<string, Uncovered>;
  #last: number;

  constructor(lastSeq: number, actors: ReadonlyMap<string, Uncovered> = new Map()) {
    this.#last = lastSeq;
    this.#actors = new Map(actors);
  }

  recorded(actor: string, seq: number): void {
    this.#actors.set(actor, { first: this.#actors.get(actor)?.first ?? seq, last: seq });
    this.#last = Math.max(this.#last, seq);
  }

  /** As it is once these snapshots are stored. */
  after(snapshots: Iterable<readonly [actor: string, seq: number, ...rest: unknown[]]>): Coverage {
    const next = new Coverage(this.#last, this.#actors);
    for (const [actor, seq] of snapshots) {
      // A snapshot of the middle covers nothing: which record comes next is not known.
      if ((next.#actors.get(actor)?.last ?? Infinity) <= seq) next.#actors.delete(actor);
    }
    return next;
  }

  /** No actor has a record up to here that is newer than its snapshot. */
  get seq(): number {
    let seq = this.#last;
    for (const { first } of this.#actors.values()) seq = Math.min(seq, first - 1);
    return seq;
  }
}
