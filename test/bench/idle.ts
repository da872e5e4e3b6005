// What a daemon with 1,000 served paths takes while nothing happens.
import { type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { realAgent } from '../contract/consul/agents.ts';
import { end, launch } from '../lab/processes.ts';
import { startDaemon } from './daemon.ts';
import { addDisks, untilServed } from './disks.ts';
import { cpuSeconds, residentMegabytes } from './proc.ts';
import type { Figure, Result } from './report.ts';

const paths = 1000;
const prefix = 'pathwarden/';
/** The announcements of the last path are over, and what starting took has been collected. */
const settleMs = 40_000;
/** A full collection costs as much as ten seconds of rest and comes every half a minute or so. */
const windowMs = 60_000;
const watcher = new URL('./blocking-query.ts', import.meta.url).pathname;

export const idle = {
  name: 'idle',
  about:
    'One daemon serves 1,000 paths (250 disks with 4) from one real Consul; its process is watched for a minute ' +
    'while nothing changes. Baseline: a bare Node process that holds a blocking query on the same keys.',
  async run(): Promise<Result> {
    const folder = await mkdtemp(join(tmpdir(), 'pathwarden-bench-'));
    const agent = await realAgent();
    let bare: ChildProcess | undefined;
    try {
      const daemon = await startDaemon({ name: 'n1', folder: `${folder}/n1`, consul: agent.url, prefix });
      try {
        await addDisks(agent.url, prefix, paths);
        await untilServed([daemon], paths, 90_000);
        bare = launch([process.execPath, watcher, agent.url, prefix], `${folder}/bare.log`);
        await pause(settleMs);
        return { figures: await watch(daemon.pid, bare.pid ?? 0) };
      } finally {
        await daemon.stop('SIGTERM');
      }
    } finally {
      await end(bare, 'SIGKILL');
      await agent.stop();
      if (process.env['PATHWARDEN_BENCH_KEEP'] === undefined) await rm(folder, { recursive: true });
      else console.error(folder);
    }
  },
};

async function watch(daemon: number, bare: number): Promise<Figure[]> {
  const before = [cpuSeconds(daemon), cpuSeconds(bare)] as const;
  const startMs = performance.now();
  await pause(windowMs);
  const seconds = (performance.now() - startMs) / 1000;
  const percent = (from: number, to: number): number => Math.round(((to - from) / seconds) * 10_000) / 100;
  return [
    {
      name: 'idle with 1,000 paths, CPU',
      value: percent(before[0], cpuSeconds(daemon)),
      unit: '% of a core',
      bar: { atMost: 1 },
      baseline: { value: percent(before[1], cpuSeconds(bare)), what: 'bare Node with one blocking query' },
    },
    {
      name: 'idle with 1,000 paths, memory',
      value: residentMegabytes(daemon),
      unit: 'MB resident',
      bar: { atMost: 180 },
      baseline: { value: residentMegabytes(bare), what: 'bare Node with one blocking query' },
    },
  ];
}
