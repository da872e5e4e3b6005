// `npm run sim`: whole clusters in one process, on a clock of their own, with everything going wrong that can.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { emptyTally } from './batch.ts';
import { runInJobs } from './jobs.ts';
import { tryMutants } from './mutants/try.ts';
import { runOnce } from './run.ts';
import { usualPeers } from './shape.ts';

const help = `npm run sim -- [options]

  --seed N        one run; all it does follows from N. Says every event when it fails, or with --trace
  --seeds N       that many runs, from --from on (default 100)
  --from N        the first seed (default 1)
  --nodes N       3 or 5 nodes (default: both, in turns)
  --paths N       up to 60 paths (default: a few, by the seed)
  --jobs N        so many runs at a time (default: one for each core)
  --hours N       simulated time of one run (default 0.5)
  --faults A,B    only these kinds of faults; "none" for none
  --speed         how fast: 3 nodes and 60 paths, and the bar
  --mutants       breaks the rules of safety one at a time, and looks whether that is noticed
  --only A,B      only these of them
  --trace         prints one line per event
  --json          one JSON object on the last line`;

const seedsByDefault = 100;
const speedBar = 300;
const { values } = parseArgs({
  options: {
    seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string', default: '1' },
    nodes: { type: 'string' }, jobs: { type: 'string' }, paths: { type: 'string' },
    hours: { type: 'string', default: '0.5' },
    faults: { type: 'string' }, speed: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false }, only: { type: 'string' }, trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  },
});
// Calls are called off all the time, and each of them would collect a stack that nobody reads.
Error.stackTraceLimit = 0;
const say = (text: string): void => (values.json ? console.error(text) : console.log(text));

interface Figures {
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly failures: readonly string[];
}

if (values.help) console.log(help);
else {
  const { metrics, failures } = await chosen();
  if (values.json) console.log(JSON.stringify({ ok: failures.length === 0, metrics, failures }));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function chosen(): Promise<Figures> {
  if (values.mutants) return tryMutants({ seedsMax: Number(values.seeds ?? 2_000), only: values.only, say });
  return values.speed ? measureSpeed() : runMany();
}

async function runMany(): Promise<Figures> {
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds ?? seedsByDefault) : 1;
  const jobs = Math.min(count, Number(values.jobs ?? availableParallelism()));
  const batch = {
    seeds: Array.from({ length: count }, (_, at) => first + at), trace: values.trace, hours: Number(values.hours),
    nodes: numberOr(values.nodes), paths: numberOr(values.paths),
    kinds: values.faults === undefined ? null : values.faults.split(','),
  };
  const tally = emptyTally();
  const startMs = performance.now();
  await runInJobs(batch, jobs, tally, say, () => {
    if (tally.runs % 100 === 0) say(`${String(tally.runs)} runs, ${tally.hours.toFixed(0)} h`);
  });
  const seconds = (performance.now() - startMs) / 1_000;
  const { failures, ...totals } = tally;
  const speed = Math.round((totals.hours * 3_600) / seconds);
  const seedsPerHour = Math.round((totals.runs * 3_600) / seconds);
  say(`${String(totals.runs)} runs, ${totals.hours.toFixed(1)} simulated hours, ${String(totals.faults)} faults, ` +
    `${String(totals.writes)} writes, ${seconds.toFixed(1)} s, ${String(jobs)} jobs, ${String(speed)} × real time, ` +
    `${String(seedsPerHour)} seeds an hour: ${verdictOf(failures)}`);
  return { metrics: { ...totals, jobs, seconds, speed, seedsPerHour }, failures };
}

function numberOr(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function verdictOf({ length }: readonly string[]): string {
  return length === 0 ? 'no violation' : `${String(length)} violations`;
}

async function measureSpeed(): Promise<Figures> {
  // The machine may have other work: what counts is the time of one core that the run takes.
  const before = process.cpuUsage();
  const order = { seed: 1, nodes: 3, paths: 60, hours: Number(values.hours), peers: usualPeers };
  const { simulatedMs, events, violation } = await runOnce(order);
  const { user, system } = process.cpuUsage(before);
  const coreMs = (user + system) / 1_000;
  const speed = Math.round(simulatedMs / coreMs);
  say(`3 nodes that ask each other 5 times a second, 60 paths: ${String(speed)} × real time on one core, ` +
    `${String(events)} events; the bar is ${String(speedBar)} ×`);
  const failures = [
    ...(speed < speedBar ? [`${String(speed)} × real time is below ${String(speedBar)}`] : []),
    ...(violation === null ? [] : [`${violation.rule}: ${violation.what}`]),
  ];
  return { metrics: { speed, simulatedMs, coreMs: Math.round(coreMs), events, bar: speedBar }, failures };
}
