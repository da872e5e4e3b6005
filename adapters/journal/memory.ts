// The journal's memory twin: same promises, no disk, and faults at will. It ships, and the simulator runs on it.
import { PathwardenError } from '../../src/errors.ts';
import type {
  Compacted, JournalContents, JournalInfo, JournalPort, JournalQuery, Retention,
} from '../../src/ports/journal.ts';
import { earlierEvery } from './earlier.ts';
import { GroupCommit } from './group.ts';
import {
  checkOrder,
  checkQuery,
  decodeRecord,
  decodeSnapshots,
  encodeSnapshot,
  recordWidth,
  type RecordRow,
  type SnapshotRow,
} from './rows.ts';

/** What a disk would hold. Give it to the next journal to "start again". */
export interface MemoryImage {
  records: RecordRow[];
  snapshots: Map<string, SnapshotRow>;
  /** Those that newer ones replaced, oldest first. */
  earlier: SnapshotRow[];
  /** The journal that has it open. */
  holder: symbol | null;
  /** Damaged ones, set aside. */
  readonly asides: Pick<MemoryImage, 'records' | 'snapshots'>[];
}

export interface MemoryJournal extends JournalPort {
  readonly image: MemoryImage;
  /** Everything that needs the disk waits until the returned function is called. */
  hang(): () => void;
  /** Every append and snapshot fails with this cause until the returned function is called. */
  fail(cause: string): () => void;
  /** Cuts the power: nothing of this journal settles any more; the new one holds what was durable. */
  crash(): MemoryJournal;
}

export const emptyImage = (): MemoryImage =>
  ({ records: [], snapshots: new Map(), earlier: [], holder: null, asides: [] });

export function memoryJournal(options: { readonly image?: MemoryImage } = {}): MemoryJournal {
  const image = options.image ?? emptyImage();
  const self = Symbol('journal');
  const disk = faultyDisk(() => image.holder === self);
  const group = new GroupCommit(
    (cells) =>
      disk.write(() => {
        for (let start = 0; start < cells.length; start += recordWidth) {
          image.records.push(cells.slice(start, start + recordWidth) as unknown as RecordRow);
        }
      }),
    queueMicrotask,
  );

  return {
    image,
    hang: () => disk.hang(),
    fail: (cause) => disk.fail(cause),
    crash() {
      disk.cut();
      const { records, snapshots, earlier, asides } = image;
      const left = { records: [...records], snapshots: new Map(snapshots), earlier: [...earlier] };
      return memoryJournal({ image: { ...left, holder: null, asides: [...asides] } });
    },
    open: () =>
      disk.reach(() => {
        if (image.holder !== null) throw inUse();
        image.holder = self;
        const contents = readOrSetAside(image);
        group.startAfter(contents.lastSeq);
        return contents;
      }),
    append: (records) => group.append(records),
    async saveSnapshots(snapshots) {
      group.checkDurable(snapshots);
      const rows = snapshots.map(encodeSnapshot);
      await disk.write(() => {
        for (const row of rows) {
          keepEarlier(image, row);
          if (row[1] >= (image.snapshots.get(row[0])?.[1] ?? 0)) image.snapshots.set(row[0], row);
        }
      });
    },
    async read(query) {
      checkQuery(query);
      const records = await disk.reach(() => select(image.records, query).map(decodeRecord));
      checkOrder(records, query);
      return records;
    },
    snapshots: (actor) => disk.reach(() => decodeSnapshots(snapshotsOf(image, actor))),
    compact: (retention) => disk.write(() => compact(image, retention)),
    info: () => disk.reach(() => describe(image)),
    async close() {
      await group.idle();
      await disk.reach(() => {
        if (image.holder === self) image.holder = null;
      });
    },
  };
}

function readOrSetAside(image: MemoryImage): JournalContents {
  try {
    return contentsOf(image);
  } catch (error) {
    if (!(error instanceof PathwardenError)) throw error;
    const { records, snapshots } = image;
    Object.assign(image, { records: [], snapshots: new Map(), earlier: [] });
    const location = `memory, aside ${image.asides.push({ records, snapshots })}`;
    return { ...contentsOf(image), setAside: { reason: error.message, location, at: Date.now() } };
  }
}

function contentsOf(image: MemoryImage): JournalContents {
  const records = image.records.filter(([seq, actor]) => seq > (image.snapshots.get(actor)?.[1] ?? 0));
  const snapshots = [...image.snapshots.values()].toSorted((a, b) => a[1] - b[1]);
  return { snapshots: decodeSnapshots(snapshots), records: records.map(decodeRecord), lastSeq: lastSeqOf(image) };
}

function compact(image: MemoryImage, { keepSince, bytesMax, recordsMax }: Retention): Compacted {
  const { snapshots, records, lastSeq } = contentsOf(image);
  const pending = snapshots.flatMap((each) => each.pending.map(({ id }) => Number.parseInt(id, 10)));
  const needed = Math.min(lastSeq, ...records.map(({ seq }) => seq), ...pending);
  let bytes = describe(image).sizeBytes;
  let removed = 0;
  const mustGo = (row: RecordRow | undefined): row is RecordRow =>
    row !== undefined && (row[3] < keepSince || bytes > bytesMax);
  let oldest = image.records[0];
  while (removed < recordsMax && mustGo(oldest) && oldest[0] < needed) {
    bytes -= sizeOf(oldest);
    removed += 1;
    oldest = image.records[removed];
  }
  removeEarlier(image, image.records.slice(0, removed));
  image.records = image.records.slice(removed);
  const stays = mustGo(oldest) && oldest[0] < lastSeq ? oldest[0] : null;
  const more = stays !== null && stays < needed;
  return { removed, more, heldAt: more ? null : stays, usedBytes: bytes };
}

function keepEarlier({ snapshots, earlier, records }: MemoryImage, [actor, seq]: SnapshotRow): void {
  const replaced = snapshots.get(actor);
  if (replaced === undefined || replaced[1] >= seq || replaced[2] === null) return;
  const kept = earlier.findLast((row) => row[0] === actor);
  const at = (of: number): number => records.find((row) => row[0] === of)?.[3] ?? Number.NaN;
  const isNear = kept !== undefined && replaced[1] - kept[1] < earlierEvery.records;
  if (!isNear || !(at(replaced[1]) - at(kept[1]) < earlierEvery.ms)) earlier.push(replaced);
}

function removeEarlier(image: MemoryImage, removed: readonly RecordRow[]): void {
  const upTo = removed.at(-1)?.[0] ?? 0;
  image.earlier = image.earlier.filter(([actor, seq]) =>
    seq > upTo || (image.snapshots.has(actor) && !removed.some((row) => row[1] === actor && row[0] > seq)));
}

function snapshotsOf({ snapshots, earlier }: MemoryImage, actor: string): SnapshotRow[] {
  const newest = snapshots.get(actor);
  return [...earlier.filter((row) => row[0] === actor), ...(newest === undefined ? [] : [newest])];
}

const sizeOf = (row: RecordRow): number => row.join('').length;

function select(rows: readonly RecordRow[], query: JournalQuery): RecordRow[] {
  const { actor, from = 0, to = Infinity, limit, newestFirst } = query;
  const found = rows.filter((row) => row[0] >= from && row[0] <= to && (actor === undefined || row[1] === actor));
  return (newestFirst ? found.toReversed() : found).slice(0, limit);
}

function describe(image: MemoryImage): JournalInfo {
  const sizeBytes = image.records.reduce((sum, row) => sum + sizeOf(row), 0);
  const firstSeq = image.records[0]?.[0] ?? 0;
  return { records: image.records.length, firstSeq, lastSeq: lastSeqOf(image), sizeBytes, location: 'memory' };
}

function lastSeqOf(image: MemoryImage): number {
  const snapshots = [...image.snapshots.values()].map((row) => row[1]);
  return Math.max(image.records.at(-1)?.[0] ?? 0, ...snapshots);
}

function inUse(): PathwardenError {
  const message = 'The journal in memory is open already: close the other one first.';
  return new PathwardenError('JOURNAL_IN_USE', message, { file: 'memory', pid: process.pid });
}

function faultyDisk(held: () => boolean) {
  let hanging: PromiseWithResolvers<void> | null = null;
  let failure: string | null = null;

  // The check and the work share one turn, so that a crash falls before both or after both.
  async function reach<T>(work: () => T): Promise<T> {
    if (hanging === null) return work();
    await hanging.promise;
    return reach(work);
  }

  function hang(): () => void {
    const mine = (hanging ??= Promise.withResolvers<void>());
    return () => {
      if (hanging !== mine) return;
      hanging = null;
      mine.resolve();
    };
  }

  return {
    reach,
    write: <T>(work: () => T) =>
      reach(() => {
        if (failure !== null) throw writeFailed(failure);
        if (!held()) throw writeFailed('the journal is not open');
        return work();
      }),
    hang,
    fail(cause: string) {
      failure = cause;
      return () => {
        failure = null;
      };
    },
    cut() {
      hanging = Promise.withResolvers<void>();
    },
  };
}

function writeFailed(cause: string): PathwardenError {
  const message = 'The journal in memory failed to store what it was given: end the fault that was asked for.';
  return new PathwardenError('JOURNAL_WRITE_FAILED', message, { file: 'memory' }, { cause: new Error(cause) });
}
