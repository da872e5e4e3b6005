// Appends to the journal given as argument without end and prints each acknowledged seq. Killed by its parent.
import { sqliteJournal } from '../../../adapters/journal/sqlite.ts';
import { record } from './records.ts';

const journal = sqliteJournal({ file: process.argv[2] ?? '' });
let { lastSeq: seq } = await journal.open();
const lanes = Array.from({ length: 8 }, async () => {
  for (;;) {
    const batch = [record((seq += 1)), record((seq += 1))];
    await journal.append(batch);
    process.stdout.write(`${batch[1]?.seq}\n`);
  }
});
await Promise.all(lanes);
