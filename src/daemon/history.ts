// The past of actors, as the journal holds it: of a running daemon, or of a file.
import type { Json } from '../../machines/intent.ts';
import { dotted } from '../core/state.ts';
import type { JournalPort, JournalRecord } from '../ports/journal.ts';

export type History = Pick<JournalPort, 'read' | 'snapshots' | 'info'>;

const pageRecords = 200;

/** The records of an actor from `to` back, newest first, page by page. */
export async function* backwards(history: History, actor: string, to?: number): AsyncGenerator<JournalRecord> {
  let below = to;
  for (;;) {
    const range = below === undefined ? {} : { to: below };
    const page = await history.read({ actor, ...range, limit: pageRecords, newestFirst: true });
    yield* page;
    const oldest = page.at(-1)?.seq ?? 0;
    if (page.length < pageRecords || oldest <= 1) return;
    below = oldest - 1;
  }
}

/** Seq of the last record that was written no later than `at`, by its wall clock; 0 when all are later. */
export async function seqAt(history: History, at: number): Promise<number> {
  const { firstSeq, lastSeq } = await history.info();
  if (lastSeq === 0) return 0;
  let before = firstSeq - 1;
  let after = lastSeq + 1;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    const [record] = await history.read({ from: middle, to: middle, limit: 1 });
    if (record === undefined || record.at > at) after = middle;
    else before = middle;
  }
  return before < firstSeq ? 0 : before;
}

export const stateIn = ({ value }: { readonly value: Json }): string => dotted(value);
