// Machine tests as sentences: given(actor).after(…).when(…).thenIn('state', ['intent', …]).
import { expect } from 'vitest';
import type { DomainEvent, Intent } from '../../machines/intent.ts';
import { kindOf, type Kind, type Snapshot } from '../../src/core/definition.ts';
import { stateOf, tagsOf } from '../../src/core/state.ts';
import { initial, step } from '../../src/core/step.ts';

type Context = Readonly<Record<string, unknown>>;

/** An actor in its first state, by the kind of its id: `path/d1/1`, `disk/d1`, `exclusion/s1`, `node`. */
export const given = (actor: string): Given => {
  const kind = kindOf(actor);
  if (kind === undefined) throw new Error(`no machine answers to ${actor}`);
  return new Given(kind, initial(kind));
};

export class Given {
  readonly kind: Kind;
  readonly snapshot: Snapshot;

  constructor(kind: Kind, snapshot: Snapshot) {
    this.kind = kind;
    this.snapshot = snapshot;
  }

  /** What happened before. An event that means nothing here is a mistake in the test. */
  after(...events: readonly DomainEvent[]): Given {
    let { snapshot } = this;
    for (const event of events) {
      const { next, ignored } = step(this.kind.definition, snapshot, event);
      expect(ignored, `${event.type} means nothing in ${stateOf(snapshot)}`).toBe(false);
      snapshot = next;
    }
    return new Given(this.kind, snapshot);
  }

  when(event: DomainEvent): Result {
    const { next, intents, ignored } = step(this.kind.definition, this.snapshot, event);
    return new Result(this.kind, next, intents, ignored);
  }

  at(snapshot: Snapshot): Given {
    return new Given(this.kind, snapshot);
  }

  get state(): string {
    return stateOf(this.snapshot);
  }
}

class Result extends Given {
  readonly intents: readonly Intent[];
  readonly ignored: boolean;

  constructor(kind: Kind, snapshot: Snapshot, intents: readonly Intent[], ignored: boolean) {
    super(kind, snapshot);
    this.intents = intents;
    this.ignored = ignored;
  }

  /** The state, and the types of the intents in their order. */
  thenIn(state: string, intents: readonly string[]): this {
    expect({ state: this.state, intents: this.intents.map(({ type }) => type) }).toEqual({ state, intents });
    return this;
  }

  thenIgnored(): void {
    expect({ ignored: this.ignored, intents: this.intents }).toEqual({ ignored: true, intents: [] });
  }

  thenContext(expected: Context): this {
    expect(this.snapshot.context).toMatchObject(expected);
    return this;
  }

  thenAsks(type: string, params: Context): this {
    expect(this.intents.find((intent) => intent.type === type)?.params).toMatchObject(params);
    return this;
  }

  thenTagged(tag: string): this {
    expect(tagsOf(this.snapshot)).toContain(tag);
    return this;
  }
}
