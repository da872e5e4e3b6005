// `npm run crash`: ends daemons at every boundary, and compares how the cluster ends up with a run without a crash.
import { parseArgs } from 'node:util';
import { crash, type Run } from './campaign.ts';
import { points } from './points.ts';
import { RealCampaign } from './real/campaign.ts';
import { realPoints } from './real/points.ts';

interface Place {
  readonly name: string;
  readonly seeds: number;
  readonly crash: (seed: number) => Promise<Run>;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '40' },
    'process-seeds': { type: 'string', default: '2' },
    seed: { type: 'string' },
    point: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const usage = `npm run crash -- [--json] [--seeds N] [--process-seeds N] [--point NAME [--seed N]] [--list]

Ends a daemon at each point and compares what becomes of the cluster with a run without a crash. Points that begin with
"process" kill real processes, the others cut whole daemons in memory. A seed is one interleaving; it repeats exactly
in memory.`;
const failuresShown = 3;

const processes = new RealCampaign();
const places: readonly Place[] = [
  ...points.map((point) => ({
    name: point.name, seeds: Number(values.seeds), crash: (seed: number) => crash(point, seed),
  })),
  ...realPoints.map((point) => ({
    name: point.name, seeds: Number(values['process-seeds']), crash: (seed: number) => processes.crash(point, seed),
  })),
];
const chosen = places.filter(({ name }) => values.point === undefined || name === values.point);

if (values.help) {
  console.log(usage);
} else if (values.list) {
  for (const { name } of places) console.log(name);
} else if (chosen.length === 0) {
  console.error(`There is no point "${String(values.point)}": npm run crash -- --list`);
  process.exitCode = 2;
} else {
  process.exitCode = await main();
}

/** The exit code. */
async function main(): Promise<number> {
  const startMs = performance.now();
  const runs: Run[] = [];
  for (const place of chosen) {
    const mine = await crashAll(place);
    runs.push(...mine);
    tell(place, mine);
  }
  await processes.stop();
  const failed = runs.filter(({ failures }) => failures.length > 0);
  const metrics = {
    points: chosen.length,
    seeds: Math.max(...chosen.map(({ seeds }) => seeds)),
    runs: runs.length,
    processRuns: runs.filter(({ scenario }) => scenario === 'process').length,
    divergences: failed.length,
    crashes: runs.reduce((sum, { cuts }) => sum + cuts.length, 0),
    effectsRepeated: runs.reduce((sum, { repeated }) => sum + repeated, 0),
    tookSeconds: Math.round((performance.now() - startMs) / 1_000),
    pointNames: chosen.map(({ name }) => name),
  };
  const failures = failed.map((run) => `${run.point}, seed ${String(run.seed)}: ${String(run.failures[0])}`);
  const { runs: all, tookSeconds, divergences } = metrics;
  console.error(`${String(all)} runs in ${String(tookSeconds)} s, ${String(divergences)} ended otherwise`);
  if (values.json) console.log(JSON.stringify({ ok: failed.length === 0, metrics, failures }));
  return failed.length === 0 ? 0 : 1;
}

async function crashAll({ name, seeds, crash: crashWith }: Place): Promise<readonly Run[]> {
  const all = values.seed === undefined ? Array.from({ length: seeds }, (_, at) => at + 1) : [Number(values.seed)];
  const runs: Run[] = [];
  for (const seed of all) {
    runs.push(await crashWith(seed).catch((error: unknown) =>
      ({ point: name, seed, scenario: '', cuts: [], repeated: 0, failures: [String(error)] })));
  }
  return runs;
}

function tell({ name }: Place, runs: readonly Run[]): void {
  const failed = runs.filter(({ failures }) => failures.length > 0);
  const mark = failed.length === 0 ? '✓' : '✗';
  console.error(`${mark} ${name}: ${String(runs.length - failed.length)} of ${String(runs.length)}`);
  for (const { seed, scenario, cuts, failures } of failed.slice(0, failuresShown)) {
    console.error(`  ${scenario}, ended at ${cuts.join(', then ')}: ${failures.join('\n  ')}`);
    console.error(`  alone: npm run crash -- --point "${name}" --seed ${String(seed)}`);
  }
}
