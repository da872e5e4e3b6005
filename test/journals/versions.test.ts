// A machine whose change alters replay, and a journal that was written before the change.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../machines/intent.ts';
import type { Kinds } from '../../src/core/definition.ts';
import { recover } from '../../src/core/recover.ts';
import { stateOf } from '../../src/core/state.ts';
import { initial, persist, step } from '../../src/core/step.ts';
import { verify } from '../../src/core/verify.ts';
import type { ActorSnapshot, JournalRecord } from '../../src/ports/journal.ts';
import { readFixture } from './read.ts';
import { events, kinds } from './sample.ts';

const old = readFixture('worker@1.ndjson');
const actor = 'worker/w1';
const contents = (records: readonly JournalRecord[], snapshots: readonly ActorSnapshot[] = []) =>
  ({ records, snapshots, lastSeq: records.at(-1)?.seq ?? 0 });
const recovered = (records: readonly JournalRecord[], of: Kinds, snapshots: readonly ActorSnapshot[] = []) => {
  const worker = recover(contents(records, snapshots), of).get(actor);
  if (worker === undefined) throw new Error('the worker was not recovered');
  return worker;
};

/** The next records, as the program of today writes them. */
function goOn(records: readonly JournalRecord[], more: readonly { type: string }[]): readonly JournalRecord[] {
  let { snapshot } = recovered(records, kinds.after);
  const { definition } = recovered(records, kinds.after).kind;
  const written = more.map((event, at) => {
    const { next, intents } = step(definition, snapshot, event);
    snapshot = next;
    const seq = records.length + at + 1;
    return { seq, actor, machine: definition.label, at: seq, event, value: next.value as Json, intents, cause: null,
      settles: at === 0 ? `${String(records.length)}.0` : null };
  });
  return [...records, ...written];
}

describe('a journal of version 1', () => {
  it('is what version 1 writes', () => {
    const kind = kinds.before(actor);
    if (kind === undefined) throw new Error('nobody');
    let snapshot = initial(kind);
    const steps = events.map((event) => {
      const { next, intents } = step(kind.definition, snapshot, event);
      snapshot = next;
      return { event, value: next.value, intents };
    });
    expect(old.map(({ event, value, intents }) => ({ event, value, intents }))).toEqual(steps);
  });

  it('is replayed by version 1, and the actor goes on as version 2', () => {
    const worker = recovered(old, kinds.after);
    expect(stateOf(worker.snapshot)).toBe('working');
    expect(worker.kind.definition.label).toBe('worker@2');
    expect(worker.snapshot.context).toEqual({ job: 'mow', done: 1, refused: 0 });
    expect([...worker.pending]).toEqual([['5.0', { type: 'job.start', params: { job: 'mow', tries: 1 } }]]);
  });

  it('and of both versions is replayed by both, each its own records', () => {
    const both = goOn(old, [{ type: 'job.doRefused' }, { type: 'job.doRefused' }]);
    expect(both.map(({ machine }) => machine)).toEqual([...Array.from({ length: 5 }, () => 'worker@1'), 'worker@2',
      'worker@2']);
    expect(verify(contents(both), kinds.after)).toMatchObject({ compared: 7, skipped: 0, differences: [] });
    expect(stateOf(recovered(both, kinds.after).snapshot)).toBe('idle');
  });

  it('and its snapshots are brought to version 2', () => {
    const at3 = recovered(old.slice(0, 3), kinds.before);
    const snapshot: ActorSnapshot = { actor, seq: 3, machine: 'worker@1', since: at3.since,
      snapshot: JSON.parse(JSON.stringify(persist(at3.kind.definition, at3.snapshot))) as Json,
      pending: [...at3.pending].map(([id, intent]) => ({ id, intent })) };
    const worker = recovered([], kinds.after, [snapshot]);
    expect([stateOf(worker.snapshot), worker.snapshot.context]).toEqual(['working', { job: 'sweep', done: 1,
      refused: 0 }]);
    expect(stateOf(recovered(old.slice(3), kinds.after, [snapshot]).snapshot)).toBe('working');
  });

  it('cannot be read where version 1 is not kept, and that is said', () => {
    expect(() => recovered(old, kinds.withoutFormer)).toThrow(expect.objectContaining({
      code: 'JOURNAL_DIVERGED', facts: expect.objectContaining({ seq: 1, recorded: 'worker@1' }),
    }));
  });

  it('differs when the change was made without a new version', () => {
    const careless: Kinds = (id) => {
      const kind = kinds.withoutFormer(id);
      return kind === undefined ? undefined : { ...kind, definition: { ...kind.definition, label: 'worker@1' } };
    };
    expect(verify(contents(old), careless).differences).toMatchObject([
      { seq: 1, actor, what: 'the state differs', recorded: 'busy', computed: 'working' },
    ]);
  });
});
