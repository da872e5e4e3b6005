// One take-over and one release as an engine records them: the mould of long journals.
import { memoryJournal } from '../../adapters/journal/memory.ts';
import { type Cell, encodeRecord, encodeSnapshot } from '../../adapters/journal/rows.ts';
import type { ActorSnapshot, JournalRecord } from '../../src/ports/journal.ts';
import { runRounds } from './journal-engine.ts';

/** The cells of a record of this disk, when `before` records were written before its cycle. */
export type Mould = (disk: string, before: number) => Cell[];

export interface Cycle {
  /** From nothing to released. */
  readonly first: readonly Mould[];
  /** From released to released. */
  readonly again: readonly Mould[];
  /** What is stored of a disk, or of its path, once the path is released. */
  readonly stored: (actor: string) => string;
}

const model = 'model';

export async function recordCycle(): Promise<Cycle> {
  const records: JournalRecord[] = [];
  const ends: number[] = [];
  const journal = memoryJournal();
  const { engine } = await runRounds({
    journal, disks: [model],
    onRecord: (record) => records.push(record),
    goesOn: () => ends.push(records.length) < 2,
  });
  await engine.stop();
  const stopped = memoryJournal({ image: journal.image });
  const { snapshots } = await stopped.open();
  const [first = 0, second = 0] = ends;
  if (second !== records.length || snapshots.some(({ pending }) => pending.length > 0)) {
    throw new Error('the release of a path is not the end of its records');
  }
  return {
    first: records.slice(0, first).map((record) => mouldOf(record, 0)),
    again: records.slice(first).map((record) => mouldOf(record, first)),
    stored: (actor) => storedOf(snapshots, actor),
  };
}

/** Seqs and ids of intents count from the start of the cycle. */
function mouldOf(record: JournalRecord, start: number): Mould {
  const cells: Cell[] = [];
  encodeRecord({ ...record, seq: record.seq - start }, cells);
  const [seq, , , , , , , , cause, settles] = cells;
  return (disk, before) => {
    const made = cells.map((cell) => (typeof cell === 'string' ? cell.replaceAll(model, disk) : cell));
    const shift = (id: string): string => id.replace(/^\d+/, (at) => String(Number(at) - start + before));
    made[0] = Number(seq) + before;
    if (typeof settles === 'string') {
      made[8] = JSON.stringify({ kind: 'intent', id: shift(settles) });
      made[9] = shift(settles);
    } else {
      made[8] = cause ?? null;
    }
    return made;
  };
}

function storedOf(snapshots: readonly ActorSnapshot[], actor: string): string {
  const [kind = '', disk = ''] = actor.split('/');
  const snapshot = snapshots.find((each) => each.actor.startsWith(`${kind}/`));
  if (snapshot === undefined) throw new Error(`nothing is stored of ${actor}`);
  return (encodeSnapshot(snapshot)[2] ?? '').replaceAll(model, disk);
}
