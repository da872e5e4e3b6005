import { describe, expect, it } from 'vitest';
import type { DomainEvent, Intent, Json } from '../../machines/intent.ts';
import { kindOf, type Kind } from '../../src/core/definition.ts';
import { settle } from '../../src/core/pending.ts';
import { recover } from '../../src/core/recover.ts';
import { stateOf } from '../../src/core/state.ts';
import { initial, persist, step } from '../../src/core/step.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { diskSettings, lost, settings } from '../machines/samples.ts';

const path = 'path/d1/1';
const kind = (id: string): Kind => {
  const found = kindOf(id);
  if (found === undefined) throw new Error(`no machine answers to ${id}`);
  return found;
};
type Line = readonly [actor: string, event: DomainEvent & Record<string, unknown>, settles?: string];

/** The records that a daemon would have written. */
function written(lines: readonly Line[]): readonly JournalRecord[] {
  const actors = new Map(lines.map(([actor]) => [actor, initial(kind(actor))]));
  return lines.map(([actor, event, settles], at) => {
    const before = actors.get(actor) ?? initial(kind(actor));
    const { next, intents } = step(kind(actor).definition, before, event);
    actors.set(actor, next);
    return {
      seq: at + 1, actor, machine: kind(actor)
        .definition.label, at: 1_000 + at, event, value: next.value as Json, intents,
      cause: null, settles: settles ?? null,
    };
  });
}
const contents = (records: readonly JournalRecord[]) => ({ snapshots: [], records, lastSeq: records.length });
const story: readonly Line[] = [
  ['disk/d1', { type: 'disk.specified', settings: diskSettings }],
  [path, { type: 'path.specified', settings }],
  [path, { type: 'path.offered', modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null }],
  [path, { type: 'lock.granted', epoch: 3, modifyIndex: 10, evidence: null }, '3.0'],
  ['disk/d1', { type: 'disk.required', path }, '4.0'],
];
const pendingOf = (records: readonly JournalRecord[], actor: string) =>
  [...(recover(contents(records)).get(actor)?.pending ?? [])].map(([id, { type }]) => [id, type]);

describe('recovery', () => {
  it('brings every actor back to where its last record left it', () => {
    const actors = recover(contents(written(story)));
    expect([...actors.values()].map(({ id, seq, snapshot }) => [id, seq, stateOf(snapshot)])).toEqual([
      ['disk/d1', 5, 'attaching'], [path, 4, 'mapped.preparing'],
    ]);
  });

  it('rebuilds what is not answered, and knows a tell as answered by the record of whom it told', () => {
    expect(pendingOf(written(story.slice(0, 4)), path)).toEqual([
      ['4.0', 'disk.require'], ['4.1', 'address.probe'], ['4.2', 'traffic.block'], ['4.3', 'timer.arm'],
    ]);
    expect(pendingOf(written(story), path)).toEqual([
      ['4.1', 'address.probe'], ['4.2', 'traffic.block'], ['4.3', 'timer.arm'],
    ]);
    expect(pendingOf(written(story), 'disk/d1')).toEqual([['5.0', 'backstore.attach']]);
  });

  it('goes on from a snapshot with the records after it, and skips those before', () => {
    const records = written(story);
    const whole = recover(contents(records)).get(path);
    const early = recover(contents(records.slice(0, 3))).get(path);
    if (whole === undefined || early === undefined) throw new Error('the path was not recovered');
    const snapshot = {
      actor: path, seq: early.seq, machine: 'disk-path@1', since: early.since,
      snapshot: JSON.parse(JSON.stringify(persist(early.kind.definition, early.snapshot))) as Json,
      pending: [...early.pending].map(([id, intent]) => ({ id, intent })),
    };
    const again = recover({ snapshots: [snapshot], records, lastSeq: records.length }).get(path);
    expect(again).toMatchObject({ seq: whole.seq, since: whole.since });
    expect(stateOf(again?.snapshot ?? whole.snapshot)).toBe('mapped.preparing');
    expect(again?.snapshot.context).toEqual(whole.snapshot.context);
    expect([...(again?.pending ?? [])]).toEqual([...whole.pending]);
  });

  const spoilt = (change: (record: JournalRecord) => JournalRecord) =>
    written(story).map((record) => (record.seq === 4 ? change(record) : record));

  it.each([
    ['another state', spoilt((record) => ({ ...record, value: 'enabled' }))],
    ['other intents', spoilt((record) => ({ ...record, intents: [] }))],
    ['other params', spoilt((record) => ({ ...record, intents: record.intents.map((each) =>
      ({ ...each, params: {} })) }))],
    ['another machine', spoilt((record) => ({ ...record, machine: 'disk-path@0' }))],
    ['an actor that no machine knows', spoilt((record) => ({ ...record, actor: 'path/d1' }))],
  ])('refuses a journal that records %s, and says where', (_, records) => {
    expect(() => recover(contents(records))).toThrow(expect.objectContaining({
      code: 'JOURNAL_DIVERGED', facts: expect.objectContaining({ seq: 4 }),
    }));
  });
});

describe('what is pending', () => {
  const intent = (type: string, params: Intent['params'] = {}): Intent => ({ type, params });
  const after = (...turns: readonly (readonly Intent[])[]) =>
    [...turns.reduce<ReadonlyMap<string, Intent>>((pending, intents, at) =>
      settle(kind(path), pending, null, at + 1, intents), new Map())]
      .map(([id, { type }]) => `${id} ${type}`);

  it('is superseded by what comes later in its lane', () => {
    expect(after([intent('traffic.block')], [intent('portal.close')])).toEqual(['2.0 portal.close']);
    expect(after([intent('lock.confirm')], [intent('traffic.block')]))
      .toEqual(['1.0 lock.confirm', '2.0 traffic.block']);
  });

  it('is never superseded when others answer it or it has no lane', () => {
    expect(after([intent('disk.require')], [intent('disk.unneed')], [intent('disk.require')])).toHaveLength(3);
    expect(after([intent('move.request')], [intent('move.request')])).toHaveLength(2);
  });

  it('has one lane for each timer, and cancelling leaves nothing to wait for', () => {
    const arm = (name: string) => intent('timer.arm', { name, ms: 1 });
    expect(after([arm('turn')], [arm('retry')])).toHaveLength(2);
    expect(after([arm('turn')], [intent('timer.cancel', { name: 'turn' })])).toEqual([]);
  });

  it('is over when it is answered', () => {
    const pending = settle(kind(path), new Map(), null, 1, [intent('lock.read')]);
    expect([...settle(kind(path), pending, '1.0', 2, [])]).toEqual([]);
  });
});

describe('a step', () => {
  const first = initial(kind(path));

  it('that means nothing leaves the very same snapshot', () => {
    const { next, ignored, intents } = step(kind(path).definition, first, { type: 'lock.granted' });
    expect(next).toBe(first);
    expect({ ignored, intents }).toEqual({ ignored: true, intents: [] });
  });

  it('refuses events of XState itself', () => {
    expect(() => step(kind(path).definition, first, { type: 'xstate.init' }))
      .toThrow(expect.objectContaining({ code: 'MACHINE_MISUSED' }));
  });

  it('keeps the evidence in what it asks for', () => {
    const offer = { type: 'path.offered', modifyIndex: 7, rank: 0, delayMs: 0, evidence: lost, proof: null };
    expect(step(kind(path).definition, first, offer).intents[0]?.params).toMatchObject({ evidence: lost });
  });
});
