// Recovery: the last snapshot of each actor, then every later record once more, compared at each step. Pure.
import { PathwardenError } from '../errors.ts';
import type { JournalContents } from '../ports/journal.ts';
import { kindOf, type Kinds } from './definition.ts';
import { Replay, type Difference, type Replayed } from './replay.ts';

export type Recovered = Replayed;

/** Throws `JOURNAL_DIVERGED` when a machine steps otherwise than the record says. */
export function recover(contents: JournalContents, kinds: Kinds = kindOf): ReadonlyMap<string, Recovered> {
  const replay = new Replay(kinds);
  const must = (difference: Difference | null | undefined): void => {
    if (difference !== null && difference !== undefined) throw diverged(difference);
  };
  for (const snapshot of contents.snapshots) must(replay.begin(snapshot));
  for (const record of contents.records) must(replay.take(record));
  must(replay.finish()[0]);
  return replay.actors;
}

const diverged = ({ actor, seq, what, recorded, computed }: Difference): PathwardenError =>
  new PathwardenError(
    'JOURNAL_DIVERGED',
    `Record ${String(seq)} of ${actor} cannot be replayed: ${what}. Start the version that wrote the journal, ` +
      'or set the journal aside: the node then recovers by looking at what it serves.',
    { actor, seq, recorded, computed },
  );
