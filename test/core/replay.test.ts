import { describe, expect, it } from 'vitest';
import type { DomainEvent, Json } from '../../machines/intent.ts';
import { kindOf } from '../../src/core/definition.ts';
import { Replay } from '../../src/core/replay.ts';
import { initial, persist, step } from '../../src/core/step.ts';
import { verify } from '../../src/core/verify.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { settings } from '../machines/samples.ts';

const path = 'path/d1/1';
const kind = kindOf(path);
if (kind === undefined) throw new Error('no machine answers to a path');
const { definition } = kind;
const fresh = initial(kind);
const forgotten = Symbol('forgotten');
type Told = DomainEvent & Record<string, unknown>;

/** What a daemon writes for a path that is forgotten in between. */
function written(lines: readonly (Told | typeof forgotten)[], state = { snapshot: fresh }): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const line of lines) {
    if (line === forgotten) {
      state.snapshot = fresh;
      continue;
    }
    const { next, intents } = step(definition, state.snapshot, line);
    state.snapshot = next;
    records.push({ seq: records.length + 1, actor: path, machine: definition.label, at: 0, event: line,
      value: next.value as Json, intents, cause: null, settles: null });
  }
  return records;
}

const specified = { type: 'path.specified', settings };
const offered = { type: 'path.offered', modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null };
const granted = { type: 'lock.granted', epoch: 3, modifyIndex: 10, evidence: null };
/** A take that fails, so that the path holds back for longer the next time. */
const failing: readonly Told[] = [specified, offered, granted, { type: 'disk.failed', reason: 'no image' },
  { type: 'traffic.blocked' }, { type: 'portal.closed' }, { type: 'address.removed' },
  { type: 'path.observed', address: false, portal: false }, { type: 'disk.freed' }, { type: 'lock.released' },
  { type: 'traffic.unblocked' }];
const withdrawn: readonly Told[] = [{ type: 'cooldown.due' }, { type: 'path.withdrawn' }];

describe('replay', () => {
  it('follows an actor that was forgotten and began anew, though no record says so', () => {
    const records = written([...failing, ...withdrawn, forgotten, ...failing, ...withdrawn, forgotten, ...failing]);
    expect(verify({ snapshots: [], records })).toMatchObject({ compared: records.length, differences: [] });
  });

  it('and one that was not forgotten', () => {
    const records = written([...failing, ...withdrawn, ...failing, ...withdrawn, ...failing]);
    expect(verify({ snapshots: [], records }).differences).toEqual([]);
  });

  it('names the first difference of an actor and skips what comes after it', () => {
    const good = written(failing);
    const records = good.map((record) => (record.seq === 3 ? Object.assign({}, record, { value: 'enabled' }) : record));
    expect(verify({ snapshots: [], records })).toMatchObject({
      compared: 2, skipped: 8, differences: [{ seq: 3, actor: path, what: 'the state differs', recorded: 'enabled',
        computed: { mapped: 'preparing' }, event: { type: 'lock.granted' } }],
    });
  });

  it('compares a stored snapshot with the actor at its record', () => {
    const state = { snapshot: fresh };
    const records = written(failing.slice(0, 2), state);
    const stored = JSON.parse(JSON.stringify(persist(definition, state.snapshot))) as { context: object };
    const at2 = { actor: path, seq: 2, machine: definition.label, since: 0, pending: [] };
    expect(verify({ records, snapshots: [{ ...at2, snapshot: stored as unknown as Json }] }))
      .toMatchObject({ snapshots: 1, differences: [] });
    const other = { ...stored, context: { ...stored.context, failures: 3 } } as unknown as Json;
    expect(verify({ records, snapshots: [{ ...at2, snapshot: other }] }).differences)
      .toMatchObject([{ seq: 2, what: 'the snapshot differs' }]);
  });

  it('begins at the snapshot where older records were compacted away', () => {
    const state = { snapshot: fresh };
    const records = written(failing.slice(0, 4), state);
    const later = written([...failing]);
    const snapshot = { actor: path, seq: 4, machine: definition.label, since: 0, pending: [],
      snapshot: JSON.parse(JSON.stringify(persist(definition, state.snapshot))) as Json };
    expect(records).toHaveLength(4);
    expect(verify({ snapshots: [snapshot], records: later.slice(2) }))
      .toMatchObject({ first: 3, compared: 7, skipped: 2, differences: [] });
  });

  it('takes no record twice that a snapshot holds already', () => {
    const replay = new Replay();
    const records = written(failing);
    for (const record of [...records, ...records.slice(-2)]) expect(replay.take(record)).toBeNull();
    expect(replay.actors.get(path)?.seq).toBe(failing.length);
  });
});
