// The past of actors, told from journals that were recorded.
import { describe, expect, it } from 'vitest';
import { memoryJournal } from '../../adapters/journal/memory.ts';
import { dotted } from '../../src/core/state.ts';
import { Replay } from '../../src/core/replay.ts';
import { persist } from '../../src/core/step.ts';
import { explainAt } from '../../src/daemon/explain.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { timeline } from '../../src/daemon/timeline.ts';
import type { Json } from '../../machines/intent.ts';
import type { ActorSnapshot, JournalPort, JournalRecord } from '../../src/ports/journal.ts';
import { fixtures, readFixture } from '../journals/read.ts';

async function journalOf(records: readonly JournalRecord[]): Promise<JournalPort> {
  const journal = memoryJournal();
  await journal.open();
  await journal.append(records);
  return journal;
}

const lost = readFixture('0.1-host-lost.ndjson');
const taken = lost.findLast(({ value }) => value === 'enabled')?.actor ?? '';
const typed = (records: readonly JournalRecord[], actor: string, type: string): JournalRecord => {
  const found = records.find((record) => record.actor === actor && record.event.type === type);
  if (found === undefined) throw new Error(`${actor} was never told ${type}`);
  return found;
};

describe('an earlier state', () => {
  it.each(fixtures.filter((name) => name.startsWith('0.1-')))('is rebuilt for every record of %s', async (name) => {
    const records = readFixture(name);
    const journal = await journalOf(records);
    const replay = new Replay();
    for (const record of records) {
      replay.take(record);
      const then = replay.actors.get(record.actor);
      const view = await rebuild(journal, record.actor, record.seq);
      expect(view).toMatchObject({ state: dotted(record.value), seq: record.seq, context: then?.snapshot.context });
      expect(view?.pending.map(({ id }) => id)).toEqual([...(then?.pending.keys() ?? [])]);
    }
  });

  it('is not there before the first record of the actor, nor after the last of the journal', async () => {
    const journal = await journalOf(lost);
    expect(await rebuild(journal, taken, 1)).toBeUndefined();
    await expect(rebuild(journal, taken, lost.length + 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is rebuilt for every record that is left when the oldest were compacted away', async () => {
    const journal = await journalOf(lost);
    const half = Math.floor(lost.length / 2);
    await journal.saveSnapshots(snapshotsOf(lost.slice(0, half)));
    await journal.saveSnapshots(snapshotsOf(lost));
    const { removed } = await journal.compact({ keepSince: Infinity, bytesMax: 0, recordsMax: half });
    expect(removed).toBe(half);
    for (const { actor, seq, value } of lost.slice(half)) {
      expect(await rebuild(journal, actor, seq)).toMatchObject({ state: dotted(value), seq });
    }
  });

  it('that was compacted away is said to be so, with the record from which on it can be rebuilt', async () => {
    const journal = await journalOf(lost);
    const snapshots = snapshotsOf(lost);
    await journal.saveSnapshots(snapshots);
    await journal.compact({ keepSince: Infinity, bytesMax: 0, recordsMax: 10 });
    const last = snapshots.find(({ actor }) => actor === taken)?.seq ?? 0;
    await expect(rebuild(journal, taken, last - 1)).rejects.toMatchObject({
      code: 'NOT_FOUND', message: expect.stringContaining('compacted away'), facts: { earliest: last },
    });
    expect(await rebuild(journal, taken, last)).toMatchObject({ state: 'enabled', seq: last });
  });
});

function snapshotsOf(records: readonly JournalRecord[]): ActorSnapshot[] {
  const replay = new Replay();
  for (const record of records) replay.take(record);
  return [...replay.actors.values()].map(({ id, seq, since, kind, snapshot, pending }) => ({
    actor: id, seq, since, machine: kind.definition.label,
    snapshot: JSON.parse(JSON.stringify(persist(kind.definition, snapshot))) as Json,
    pending: [...pending].map(([intentId, intent]) => ({ id: intentId, intent })),
  }));
}

describe('why', () => {
  it('is walked back from served to the write in Consul that offered the path', async () => {
    const chain = (await explainAt(await journalOf(lost), taken))?.chain ?? [];
    expect(chain[0]).toMatchObject({ state: 'enabled', event: { type: 'traffic.unblocked' } });
    const types = chain.map(({ event }) => event.type);
    expect(types).toEqual(expect.arrayContaining(['portal.opened', 'disk.ready', 'lock.cleared', 'exclusion.proven']));
    expect(chain.at(-1)?.cause).toMatchObject({ kind: 'consul' });
  });

  it('goes on with the proof, where this node proved that the last owner was gone', async () => {
    const demo = readFixture('0.1-demo.ndjson');
    const moved = demo.findLast(({ value }) => value === 'enabled')?.actor ?? '';
    const chain = (await explainAt(await journalOf(demo), moved))?.chain ?? [];
    const proof = chain.find(({ event }) => event.type === 'fence.proven');
    expect(proof?.text).toMatch(/^fence\.proven( after \d+ ms)?: process \d+ is gone/);
    expect(chain.at(-1)).toMatchObject({ event: { type: 'exclusion.wanted' }, cause: { kind: 'consul' } });
  });

  it('of then is another than of now', async () => {
    const journal = await journalOf(lost);
    const { at, seq } = typed(lost, taken, 'lock.granted');
    const then = await explainAt(journal, taken, at);
    const newest = lost.findLast((record) => record.actor === taken && record.at <= at);
    expect(then?.state).toBe(dotted(newest?.value ?? ''));
    expect(then?.recent.at(0)?.seq).toBeGreaterThanOrEqual(seq);
    expect(await explainAt(journal, taken, (lost[0]?.at ?? 0) - 1)).toBeUndefined();
  });
});

describe('the timeline of a take-over', () => {
  it('has every phase, one after the other, and what the disk did beside them', async () => {
    const demo = readFixture('0.1-demo.ndjson');
    const first = demo.find(({ value }) => value === 'enabled')?.actor ?? '';
    const take = await timeline(await journalOf(demo), first);
    expect(take).toMatchObject({ isServed: true, state: 'enabled' });
    const names = take?.phases.map(({ name }) => name) ?? [];
    expect(new Set(names)).toEqual(new Set(['lock', 'prepare', 'probe', 'attach', 'target', 'block packets', 'address',
      'confirm lock', 'portal', 'let packets through', 'announce']));
    const main = take?.phases.filter(({ within, name }) => within === null && name !== 'announce') ?? [];
    expect(main.reduce((sum, { tookMs }) => sum + tookMs, 0)).toBe(take?.tookMs);
  });

  it('shows the exclusion of the last owner where this node carried it out', async () => {
    const demo = readFixture('0.1-demo.ndjson');
    const paths = new Set(demo.map(({ actor }) => actor).filter((actor) => actor.startsWith('path/')));
    const journal = await journalOf(demo);
    const takes = await Promise.all([...paths].map((path) => timeline(journal, path)));
    expect(takes.flatMap((take) => take?.phases.map(({ name }) => name) ?? [])).toContain('exclusion: command');
  });

  it('is not that of a bid which another node won', async () => {
    const bid = lost.findLast(({ event, value }) =>
      event.type === 'path.notOffered' && dotted(value) === 'unlocked.idle');
    expect(bid).toBeDefined();
    expect(await timeline(await journalOf(lost), bid?.actor ?? '')).toBeNull();
  });

  it('is not that of such a bid either when the journal begins with it', async () => {
    const journal = await journalOf(lost);
    const bid = lost.find(({ value }) => dotted(value) === 'unlocked.waiting');
    expect(bid).toBeDefined();
    await journal.saveSnapshots(snapshotsOf(lost));
    await journal.compact({ keepSince: Infinity, bytesMax: 0, recordsMax: (bid?.seq ?? 0) - 1 });
    expect(await timeline(journal, bid?.actor ?? '')).toBeNull();
  });

  it('is that of the last one, and there is none where nothing was taken', async () => {
    const trouble = readFixture('0.1-trouble.ndjson');
    const take = await timeline(await journalOf(trouble), 'path/00001/1');
    const served = trouble.filter(({ actor, value }) => actor === 'path/00001/1' && value === 'enabled');
    expect(take?.at).toBeGreaterThan(trouble[0]?.at ?? 0);
    expect(take?.at).toBeLessThanOrEqual(served.at(-1)?.at ?? 0);
    expect(await timeline(await journalOf(trouble), 'path/00009/1')).toBeNull();
  });
});
