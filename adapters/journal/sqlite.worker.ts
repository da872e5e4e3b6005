// The thread on which the journal waits for its disk. Questions are answered one after another, in order.
import { parentPort, workerData } from 'node:worker_threads';
import type { JournalDatabase } from './database.ts';
import { openDatabase } from './database.ts';
import { isDamage } from './faults.ts';
import { type Answer, type Handlers, type Question, toFault } from './protocol.ts';
import { condemn } from './set-aside.ts';

const place = workerData as { file: string; node: string | null };
const { file } = place;
let journal: JournalDatabase | null = null;

const handlers: Handlers = {
  open() {
    journal = openDatabase(place);
    const { contents, setAside } = journal;
    return { ...contents, setAside };
  },
  append: (cells) => tell(opened().append(cells)),
  saveSnapshots: (rows) => tell(opened().saveSnapshots(rows)),
  read: (query) => opened().read(query),
  snapshots: (actor) => opened().snapshots(actor),
  compact: (retention) => opened().compact(retention),
  info: () => opened().info(),
  close() {
    journal?.close();
    journal = null;
    return null;
  },
};

parentPort?.on('message', (question: Question) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  parentPort?.postMessage(answer(question));
});

function answer({ id, verb, carried }: Question): Answer {
  try {
    return { id, value: (handlers[verb] as (carried: unknown) => never)(carried) };
  } catch (error) {
    if (verb === 'open') handlers.close(null);
    else if (isDamage(error)) condemn(file, error instanceof Error ? error.message : String(error));
    const message = `The journal ${file} failed to ${wording[verb]}: check its disk and free space.`;
    return { id, fault: toFault(error, { code: 'JOURNAL_WRITE_FAILED', message }) };
  }
}

const wording = {
  open: 'open',
  append: 'store records',
  saveSnapshots: 'store snapshots',
  read: 'read',
  snapshots: 'read snapshots',
  compact: 'remove old records',
  info: 'answer',
  close: 'close',
} as const;

function opened(): JournalDatabase {
  if (journal === null) throw new Error('the journal is not open');
  return journal;
}

const tell = (_done: void): null => null;
