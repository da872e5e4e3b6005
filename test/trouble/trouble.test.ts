// What becomes of a served path when the journal's disk fills up, hangs or breaks. Stopping goes on, taking waits.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkJournalFile } from '../../adapters/journal/check.ts';
import { openJournalFile } from '../../adapters/journal/file.ts';
import { until } from '../lab/clock.ts';
import { type Disk, disksMissing, isStuck, makeDisk } from './disk.ts';
import { addDisk, answers, makePlace, type Place, startNode, type TroubleNode } from './node.ts';

const why = disksMissing();

// File systems can be made, filled and frozen by root alone. On CI this fails instead.
describe.skipIf(why !== null)('a daemon that serves a path, and whose journal disk', { timeout: 90_000 }, () => {
  let disk: Disk;
  let folder: string;
  let place: Place;
  let node: TroubleNode;

  beforeEach(async () => {
    disk = await makeDisk(24);
    folder = await mkdtemp(join(tmpdir(), 'pathwarden-trouble-'));
    place = await makePlace(folder, disk.folder);
    node = await startNode(place);
    await addDisk(place, node);
    await until('the path is served', 15_000, () => answers(place));
  });

  afterEach(async () => {
    await disk.thaw();
    await node.stop('SIGKILL');
    await place.close();
    await disk.remove();
    await rm(folder, { recursive: true });
  });

  const isServed = (yes: boolean) => until(yes ? 'served' : 'not served', 15_000, async () =>
    (await node.metric('pathwarden_paths_serving')) === (yes ? 1 : 0) && (await answers(place)) === yes);

  /** The node says in every place that its journal is not written, and why. */
  async function saysTrouble(reason: RegExp): Promise<void> {
    const health = await until('the trouble is said', 15_000, async () => {
      const said = await node.health();
      return said.status === 503 && said.reasons.some((text) => reason.test(text)) ? said : false;
    });
    expect(health).toMatchObject({ live: true, ready: false });
    expect(await node.metric('pathwarden_journal_healthy')).toBe(0);
    expect(await node.metric('pathwarden_journal_unwritten_records')).toBeGreaterThan(0);
    expect(node.log()).toContain('the journal does not write: nothing new is taken, stopping goes on');
  }

  /** Given up while nothing can be written; and wanted again it is not taken. */
  async function stopsAndTakesNothing(reason: RegExp): Promise<void> {
    await node.operator('operator.drain');
    await isServed(false);
    await saysTrouble(reason);
    const bids = () => node.log().split('"to":"locking.acquiring"').length;
    const before = bids();
    await node.operator('operator.undrain');
    await until('the path is wanted again', 15_000, async () =>
      (await node.client.cluster()).nodes[0]?.draining === null);
    expect({ answers: await answers(place), bids: bids() - before }).toEqual({ answers: false, bids: 0 });
    expect((await node.client.actor('path/00001/1')).state).toBe('unlocked.idle');
    expect((await node.client.cluster()).disks[0]?.paths[0]?.owner).toBeNull();
  }

  /** Everything that was ever committed is on disk, in order and as it was written. */
  async function expectNothingLost(records: number): Promise<void> {
    await node.stop('SIGTERM');
    expect(checkJournalFile(place.journal)).toEqual([]);
    const file = openJournalFile(place.journal);
    expect(file.info()).toMatchObject({ firstSeq: 1 });
    expect(file.info().lastSeq).toBeGreaterThanOrEqual(records);
    file.close();
  }

  async function writesAgain(): Promise<number> {
    await until('everything is written', 15_000, async () =>
      (await node.metric('pathwarden_journal_unwritten_records')) === 0 &&
      (await node.metric('pathwarden_journal_healthy')) === 1);
    expect(node.log()).toContain('the journal writes again');
    await isServed(true);
    await until('ready', 15_000, async () => (await node.health()).status === 200);
    return node.metric('pathwarden_records_total');
  }

  it('is full: gives the path up, takes nothing, and catches up when there is room', async () => {
    const empty = await disk.fill();
    await stopsAndTakesNothing(/^journal: .*store records/);
    await empty();
    await expectNothingLost(await writesAgain());
  });

  it('hangs: gives the path up, takes nothing, and catches up when it answers', async () => {
    await disk.freeze();
    await stopsAndTakesNothing(/^journal: .*does not answer/);
    expect(await isStuck(node.pid)).toBe(true);
    await disk.thaw();
    await expectNothingLost(await writesAgain());
  });

  it('hangs while the session is lost: the path is torn down all the same', async () => {
    await disk.freeze();
    const { session } = (await node.client.cluster()).nodes[0] ?? {};
    place.consul.store.destroySession(session ?? '');
    await isServed(false);
    await saysTrouble(/^journal: .*does not answer/);
    await disk.thaw();
    await expectNothingLost(await writesAgain());
  });

  it('turns read-only: gives the path up, ends when told, and goes on after a repair', async () => {
    await disk.turnReadOnly();
    await stopsAndTakesNothing(/^journal: .*store records/);
    expect(await node.stop('SIGTERM')).toBe(true);
    await disk.repair();
    node = await startNode(place);
    await isServed(true);
    expect(node.log()).not.toContain('set aside');
    await expectNothingLost(0);
  });

  it('gives back a damaged journal: it is set aside, said everywhere, and the path stays served', async () => {
    await node.stop('SIGKILL');
    await writeFile(place.journal, 'nothing that was a journal, '.repeat(1000));
    node = await startNode(place);
    await isServed(true);
    const { notes = [] } = await node.health();
    expect(notes.join()).toMatch(/^journal: it was damaged and is set aside as .*journal\.sqlite\.damaged-20/);
    expect(await node.metric('pathwarden_journal_set_aside')).toBe(1);
    expect(node.log()).toContain('the journal was damaged and is set aside');
    const [started] = await node.client.events({ actor: 'node', limit: 1_000 }).then((all) => all.toReversed());
    expect(started?.cause).toMatchObject({ what: expect.stringContaining('journal.sqlite.damaged-') });
  });
});
