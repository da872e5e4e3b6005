// The journal in an SQLite file, written by a worker thread so that a stalled disk never stops the event loop.
import { Worker } from 'node:worker_threads';
import { PathwardenError } from '../../src/errors.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import { GroupCommit } from './group.ts';
import { type Answer, fromFault, type Question, type Verb, type Verbs } from './protocol.ts';
import { checkOrder, checkQuery, decodeRecord, decodeSnapshots, encodeSnapshot } from './rows.ts';

// Beside this file, and like it: .ts in a checkout, .js in the package.
const program = import.meta.url.endsWith('.ts')
  ? new URL('./sqlite.worker.ts', import.meta.url)
  : new URL('./sqlite.worker.js', import.meta.url);

export interface SqliteJournalOptions {
  /** Path of the database. Beside it live `-wal`, `-shm` and `.lock`. */
  readonly file: string;
  /** The node that writes it: an export says so. */
  readonly node?: string;
}

export function sqliteJournal({ file, node }: SqliteJournalOptions): JournalPort {
  const thread = workerThread(file, node ?? null);
  const group = new GroupCommit(
    async (cells) => void (await thread.ask('append', cells)),
    queueMicrotask,
  );
  return {
    async open() {
      const { snapshots, records, lastSeq, setAside } = await thread.ask('open', null);
      group.startAfter(lastSeq);
      const contents = { snapshots: decodeSnapshots(snapshots), records: records.map(decodeRecord), lastSeq };
      return setAside === null ? contents : { ...contents, setAside };
    },
    append: (records) => group.append(records),
    async saveSnapshots(snapshots) {
      group.checkDurable(snapshots);
      await thread.ask('saveSnapshots', snapshots.map(encodeSnapshot));
    },
    async read(query) {
      checkQuery(query);
      const records = (await thread.ask('read', query)).map(decodeRecord);
      checkOrder(records, query);
      return records;
    },
    snapshots: async (actor) => decodeSnapshots(await thread.ask('snapshots', actor)),
    compact: (retention) => thread.ask('compact', retention),
    info: () => thread.ask('info', null),
    async close() {
      await group.idle();
      await thread.end();
    },
  };
}

interface Thread {
  ask<V extends Verb>(verb: V, carried: Verbs[V]['carries']): Promise<Verbs[V]['answers']>;
  end(): Promise<void>;
}

function workerThread(file: string, node: string | null): Thread {
  const waiting = new Map<number, PromiseWithResolvers<never>>();
  let worker: Worker | null = null;
  let ended: string | null = null;
  let ending: Promise<void> | null = null;
  let questions = 0;

  function start(): Worker {
    const started = new Worker(program, { workerData: { file, node }, name: 'journal' });
    started.on('message', settle);
    started.on('error', (error) => lose(String(error)));
    started.on('exit', () => lose('the thread ended'));
    return started;
  }

  function settle(answer: Answer): void {
    const promise = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('fault' in answer) promise?.reject(fromFault(answer.fault));
    else promise?.resolve(answer.value as never);
  }

  function lose(reason: string): void {
    ended ??= reason;
    for (const promise of waiting.values()) promise.reject(gone(file, ended));
    waiting.clear();
  }

  const ask: Thread['ask'] = (verb, carried) => {
    if (ended !== null) return Promise.reject(gone(file, ended));
    worker ??= start();
    const question: Question = { id: (questions += 1), verb, carried };
    const promise = Promise.withResolvers<never>();
    waiting.set(question.id, promise);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
    worker.postMessage(question);
    return promise.promise;
  };

  async function end(): Promise<void> {
    if (ended === null && worker !== null) await ask('close', null);
    ended ??= closed;
    await worker?.terminate();
  }

  return {
    ask,
    end: () => (ending ??= end()),
  };
}

const closed = 'it was closed';

function gone(file: string, reason: string): PathwardenError {
  const message = `The journal ${file} is not open any more (${reason}): start the daemon again.`;
  return new PathwardenError(reason === closed ? 'JOURNAL_WRITE_FAILED' : 'JOURNAL_LOST', message, { file });
}
