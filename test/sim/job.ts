// What one thread of `jobs.ts` does: its seeds, with news of each run.
import { parentPort, workerData } from 'node:worker_threads';
import { emptyTally, runBatch, type Batch } from './batch.ts';
import type { News } from './jobs.ts';

const tell = (news: News): void => parentPort?.postMessage(news, []);
const tally = emptyTally();
await runBatch(workerData as Batch, tally, (said) => tell({ said }), () => {
  tell({ run: tally });
  Object.assign(tally, emptyTally());
});
