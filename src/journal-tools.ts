// What people do with a journal file and no daemon. Composition root of these commands, as main.ts is of the daemon.
import { readJournal } from '../adapters/journal/reader.ts';
import { verify, type Verdict } from './core/verify.ts';

export type { Verdict };

/** Replays the whole file. Throws `NOT_FOUND`, `JOURNAL_DAMAGED` or `JOURNAL_TOO_NEW`. */
export function verifyJournal(file: string): Verdict {
  const journal = readJournal(file);
  try {
    return verify({ snapshots: journal.snapshots(), records: journal.records() });
  } finally {
    journal.close();
  }
}
