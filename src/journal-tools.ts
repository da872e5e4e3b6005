// What people do with a journal file and no daemon. Composition root of these commands, as main.ts is of the daemon.
import { readJournal } from '../adapters/journal/reader.ts';
import { programVersion } from './cli/version.ts';
import { verify, type Verdict } from './core/verify.ts';
import { replayInspector } from './daemon/replay-inspector.ts';
import { buildHttp } from './http/app.ts';
import { listen, type ListenAddress } from './http/listen.ts';
import { createLog } from './log.ts';
import type { ReplayInfo } from './ports/inspector.ts';

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

export interface Served {
  readonly url: string;
  readonly node: string;
  readonly replay: ReplayInfo | null;
  close(): Promise<void>;
}

/** Serves the inspector over the file until it is closed. Throws like `verifyJournal`, and `PORT_IN_USE`. */
export async function serveReplay(file: string, address: ListenAddress): Promise<Served> {
  const journal = readJournal(file);
  try {
    const inspector = replayInspector(journal, await programVersion());
    const log = createLog({ level: 'error', node: inspector.node });
    const http = buildHttp({ inspector, token: null, log });
    const url = await listen(http, address);
    const close = async (): Promise<void> => {
      await http.close();
      journal.close();
    };
    return { url, node: inspector.node, replay: inspector.replay, close };
  } catch (error) {
    journal.close();
    throw error;
  }
}
