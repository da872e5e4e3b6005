// One batch on several cores: each thread runs every n-th pair of seeds. A seed is the same run wherever it runs.
import { Worker } from 'node:worker_threads';
import { addTo, runBatch, type Batch, type Say, type Tally } from './batch.ts';

export type News = { readonly said: string } | { readonly run: Tally };

/** Most of what a run makes is soon forgotten: with room for it, less is collected. */
const youngMb = 64;

export async function runInJobs(batch: Batch, jobs: number, tally: Tally, say: Say, onRun: () => void): Promise<void> {
  if (jobs <= 1) return runBatch(batch, tally, say, onRun);
  // Seeds in pairs: 3 and 5 nodes take turns, and a run with 5 takes much longer.
  const ofJob = (at: number) => batch.seeds.filter((_seed, index) => Math.floor(index / 2) % jobs === at);
  const parts = Array.from({ length: jobs }, (_, at) => ofJob(at));
  const hear = (news: News): void => {
    if ('said' in news) return say(news.said);
    addTo(tally, news.run);
    onRun();
  };
  await Promise.all(parts.filter((seeds) => seeds.length > 0).map((seeds) => inThread({ ...batch, seeds }, hear)));
}

function inThread(batch: Batch, hear: (news: News) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('job.ts', import.meta.url), {
      workerData: batch, resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    worker.on('message', hear);
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a job ended with ${String(code)}`))));
  });
}
