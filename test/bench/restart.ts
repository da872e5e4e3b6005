// A daemon that serves 1,000 paths is killed while initiators write, and starts again: who notices, and how soon is it
// ready?
import { cpSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../lab/clock.ts';
import { run } from '../lab/processes.ts';
import { missingRequirements } from '../lab/requirements.ts';
import type { Figure, Result } from './report.ts';
import { Thousand } from './thousand.ts';

const rounds = 3;
const takeDeadlineMs = 300_000;
const delayedMs = 200;
/** Past the time at which a session that nobody renews would have been lost. */
const watchMs = 8_000;

interface Round {
  readonly readyMs: number;
  readonly bareMs: number;
}

export const restart = {
  name: 'restart',
  onRequest: true,
  about:
    'One daemon serves 1,000 real iSCSI paths (250 tgt targets with 4 portals). It is killed with SIGKILL while 12 ' +
    'initiators write and every portal is connected to in turn, and started again, three times; then once more ' +
    'with its state directory wiped.',
  async run(): Promise<Result> {
    const missing = missingRequirements();
    if (missing.length > 0) throw new Error(missing.join('; '));
    const thousand = await Thousand.open();
    try {
      const begunMs = now();
      await thousand.serve(takeDeadlineMs);
      const servedAfterMs = now() - begunMs;
      await thousand.write();
      await pause(5_000);
      const figures = [...(await measure(thousand)), ...(await reinstall(thousand))];
      return { figures: [...figures, ...(await end(thousand, servedAfterMs))] };
    } finally {
      await thousand.close();
    }
  },
};

async function measure(thousand: Thousand): Promise<Figure[]> {
  await thousand.probe.figures();
  const quiet = await window(thousand, watchMs);
  const locks = await thousand.locks();
  const taken: Round[] = [];
  const from = now();
  for (let round = 0; round < rounds; round += 1) {
    taken.push(await killAndStart(thousand));
    await pause(watchMs);
  }
  const felt = await feltSince(thousand, from);
  const ready = taken.map(({ readyMs }) => readyMs);
  const moved = sameLocks(locks, await thousand.locks()) ? 0 : 1;
  return [
    {
      name: 'restart with 1,000 paths, ready after', value: Math.round(Math.max(...ready)), unit: 'ms',
      bar: { atMost: 2000 },
      baseline: { value: Math.round(Math.max(...taken.map(({ bareMs }) => bareMs))), what: bareIs },
      facts: Object.fromEntries(ready.map((ms, round) => [`round${String(round + 1)}`, Math.round(ms)])),
    },
    { ...count('writes failed', felt.failed, quiet.failed), facts: { writes: felt.writes } },
    {
      ...count('writes delayed over 200 ms', felt.delayed, quiet.delayed),
      facts: { slowestMs: Math.round(felt.slowestMs), slowestQuietMs: Math.round(quiet.slowestMs) },
    },
    {
      ...count('connects to the 1,000 portals that failed', felt.connectsFailed, quiet.connectsFailed),
      facts: { connects: felt.connects },
    },
    count('locks that changed hands', moved, 0),
  ];
}

/** A new daemon without a journal or an instance: it adopts path after path, and nobody notices. */
async function reinstall(thousand: Thousand): Promise<Figure[]> {
  const locks = await thousand.locks();
  const from = now();
  await thousand.killDaemon();
  thousand.wipeState();
  const startMs = now();
  thousand.startDaemon();
  await thousand.ready(30_000);
  const readyMs = now() - startMs;
  await thousand.servesAll(takeDeadlineMs);
  const adoptedMs = now() - startMs;
  await pause(watchMs);
  const felt = await feltSince(thousand, from);
  const moved = sameLocks(locks, await thousand.locks()) ? 0 : 1;
  return [
    { name: 'reinstalled, ready after', value: Math.round(readyMs), unit: 'ms', bar: { atMost: 2000 } },
    { name: 'reinstalled, all 1,000 paths adopted after', value: Math.round(adoptedMs), unit: 'ms' },
    { ...count('reinstalled, writes failed', felt.failed, 0), facts: { writes: felt.writes } },
    { ...count('reinstalled, writes delayed', felt.delayed, 0), facts: { slowestMs: Math.round(felt.slowestMs) } },
    { ...count('reinstalled, connects that failed', felt.connectsFailed, 0), facts: { connects: felt.connects } },
    count('reinstalled, locks that changed hands', moved, 0),
  ];
}

const bareIs = 'bare Node that opens the same journal and reads every snapshot; for counts: the same load undisturbed';

const count = (name: string, value: number, quiet: number): Figure => ({
  name, value, unit: '', bar: { atMost: 0 }, baseline: { value: quiet, what: bareIs },
});

async function killAndStart(thousand: Thousand): Promise<Round> {
  await thousand.killDaemon();
  const copy = `${thousand.folder}/copy`;
  cpSync(`${thousand.folder}/state`, copy, { recursive: true });
  const bareFrom = now();
  await run([process.execPath, new URL('./bare-open.ts', import.meta.url).pathname, `${copy}/journal.db`]);
  const bareMs = now() - bareFrom;
  const from = now();
  thousand.startDaemon();
  await thousand.ready(30_000);
  return { readyMs: now() - from, bareMs };
}

interface Felt {
  readonly writes: number;
  readonly failed: number;
  readonly delayed: number;
  readonly slowestMs: number;
  readonly connects: number;
  readonly connectsFailed: number;
}

async function window(thousand: Thousand, ms: number): Promise<Felt> {
  const from = now();
  await pause(ms);
  return feltSince(thousand, from);
}

async function feltSince(thousand: Thousand, from: number): Promise<Felt> {
  const figures = await thousand.initiator.figures(from, now());
  const latencies = figures.flatMap(({ latenciesMs }) => latenciesMs);
  const { connects, failed } = await thousand.probe.figures();
  return {
    writes: latencies.length,
    failed: figures.reduce((sum, one) => sum + one.failed, 0),
    delayed: latencies.filter((latency) => latency > delayedMs).length,
    slowestMs: Math.max(0, ...latencies),
    connects,
    connectsFailed: failed,
  };
}

async function end(thousand: Thousand, servedAfterMs: number): Promise<Figure[]> {
  const serving = await thousand.serving();
  const problems = await thousand.finish();
  for (const problem of problems.slice(0, 5)) console.error(problem);
  return [
    count('paths that are not served at the end', 1000 - serving, 0),
    count('blocks lost or misread', problems.length, 0),
    { name: '1,000 paths taken by one node within', value: Math.round(servedAfterMs), unit: 'ms' },
  ];
}

const sameLocks = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean =>
  one.size === other.size && [...one].every(([session, paths]) => other.get(session) === paths);
