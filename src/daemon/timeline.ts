// The last take-over of a path on this node, or the one that goes on now.
import type { Json } from '../../machines/intent.ts';
import { actorIds } from '../core/records.ts';
import { timelineOf, type TakeOver } from '../core/timeline.ts';
import type { JournalRecord } from '../ports/journal.ts';
import { backwards, stateIn, type History } from './history.ts';

/** A take-over that needed more records than this tried again and again: the end of it is shown. */
const recordsMax = 2_000;

/** Null when the path was not taken as far as the journal goes back. */
export async function timeline(history: History, path: string): Promise<TakeOver | null> {
  const records = await lastTake(history, path);
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined) return null;
  return timelineOf(records, await helpers(history, path, records));
}

async function lastTake(history: History, path: string): Promise<readonly JournalRecord[]> {
  const take: JournalRecord[] = [];
  let isWithin = false;
  let wasServed = false;
  let isOver = false;
  for await (const record of backwards(history, path)) {
    const state = stateIn(record);
    // Newest first: what came after the path was given up does not belong to it.
    if (/^(releasing|fenced)/.test(state)) {
      if (isWithin && wasServed) break;
      take.length = 0;
      isWithin = false;
      continue;
    }
    const isResting = state.startsWith('unlocked') && state !== 'unlocked.waiting';
    if (isResting) {
      // A bid that another node won took nothing.
      if (take.some(hasBegun)) break;
      isOver = true;
      take.length = 0;
      isWithin = false;
      continue;
    }
    isWithin = true;
    wasServed ||= state === 'enabled';
    take.unshift(record);
    if (take.length === recordsMax) break;
  }
  return isOver && !take.some(hasBegun) ? [] : take;
}

const hasBegun = (record: JournalRecord): boolean =>
  /^(mapped|enabled|locking\.(proving|clearing))/.test(stateIn(record));

/** What the disk and the exclusions of lost owners did meanwhile. */
async function helpers(
  history: History,
  path: string,
  records: readonly JournalRecord[],
): Promise<readonly JournalRecord[]> {
  const from = records[0]?.seq ?? 0;
  const to = records.at(-1)?.seq ?? 0;
  const [, disk = ''] = path.split('/');
  const lost = new Set(records.flatMap(({ event }) => lostIn(event)));
  const exclusions = [...lost].map((session) => history.read({ actor: actorIds.exclusion(session), to, limit: 100 }));
  const ofDisk = history.read({ actor: actorIds.disk(disk), from, to, limit: 1_000 });
  return (await Promise.all([ofDisk, ...exclusions])).flat();
}

function lostIn(event: JournalRecord['event']): readonly string[] {
  const { evidence } = event as { evidence?: Json };
  if (typeof evidence !== 'object' || evidence === null || !('session' in evidence)) return [];
  return typeof evidence.session === 'string' ? [evidence.session] : [];
}
