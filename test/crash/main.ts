// `npm run crash`: cuts daemons at every boundary, and compares how the cluster ends up with a run without a crash.
import { parseArgs } from 'node:util';
import { crash, type Run } from './campaign.ts';
import { points } from './points.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '40' },
    seed: { type: 'string' },
    point: { type: 'string' },
  },
});

const chosen = points.filter(({ name }) => values.point === undefined || name === values.point);
const seeds = values.seed === undefined ? Array.from({ length: Number(values.seeds) }, (_, at) => at + 1) :
  [Number(values.seed)];

if (values.list) {
  for (const { name } of points) console.log(name);
} else if (chosen.length === 0) {
  console.error(`There is no point ${String(values.point)}: npm run crash -- --list`);
  process.exitCode = 2;
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const startMs = performance.now();
  const runs: Run[] = [];
  for (const point of chosen) {
    const before = performance.now();
    const mine: Run[] = [];
    for (const seed of seeds) mine.push(await crash(point, seed).catch((error: unknown) => ({ point: point.name, seed, scenario: '?', cuts: [], repeated: 0, failures: [String(error)] })));
    runs.push(...mine);
    const failed = mine.filter(({ failures }) => failures.length > 0);
    console.error(`${failed.length === 0 ? '✓' : '✗'} ${point.name}: ${String(mine.length - failed.length)} of ${String(mine.length)}, ${String(Math.round(performance.now() - before))} ms`);
    for (const { seed, scenario, cuts, failures } of failed.slice(0, values.seed ? 100 : 3)) {
      console.error(`  ${scenario}, cut at ${cuts.join(', then ')}: ${failures[0]}\n  npm run crash -- --point '${point.name}' --seed ${String(seed)}`);
    }
  }
  const failed = runs.filter(({ failures }) => failures.length > 0);
  console.log(JSON.stringify({ ok: failed.length === 0, metrics: { points: chosen.length, seeds: seeds.length, runs: runs.length, divergences: failed.length, tookMs: Math.round(performance.now() - startMs) } }));
  return failed.length === 0 ? 0 : 1;
}
