// The journal of one process: the memory twin, with a disk that takes its time. What was durable outlives the process.
import type { MemoryJournal } from '../../adapters/journal/memory.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import type { Random } from './random.ts';
import { never, type Timeline } from './timeline.ts';

/** A commit takes up to `commitMs`; whoever dies meanwhile may find it done or not. */
export function journalOf(
  real: MemoryJournal,
  { kernel, process, commitMs, random, onOpen }: {
    kernel: Timeline; process: Timeline; commitMs: number; random: Random; onOpen: () => void;
  },
): JournalPort {
  const pause = (): Promise<void> | null =>
    commitMs === 0 ? null : new Promise((resolve) => kernel.after(random.next() * commitMs, resolve));
  let last: Promise<unknown> = Promise.resolve();
  /** One disk: what comes later is written later. */
  const inTurn = (write: () => Promise<void>): Promise<void> => {
    const mine = last.then(write);
    last = mine.catch(() => null);
    return mine;
  };
  const gated = <T>(call: () => Promise<T>): Promise<T> => (process.isEnded ? never() : process.answer(call()));
  return {
    async open() {
      const contents = await gated(() => real.open());
      onOpen();
      return contents;
    },
    append: (records) =>
      gated(() => inTurn(async () => {
        const isFirst = commitMs > 0 && random.chance(0.5);
        if (!isFirst) await pause();
        if (process.isEnded && !isFirst) return never();
        await real.append(records);
        if (isFirst) await pause();
      })),
    saveSnapshots: (snapshots) => gated(() => real.saveSnapshots(snapshots)),
    snapshots: (actor) => gated(() => real.snapshots(actor)),
    read: (query) => gated(() => real.read(query)),
    compact: (retention) => gated(() => real.compact(retention)),
    info: () => gated(() => real.info()),
    close: () => gated(() => real.close()),
  };
}
