// Each rule of safety is broken once, on purpose. A simulator that does not notice is worth nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Violation } from '../judge.ts';
import { runOnce } from '../run.ts';
import { mutants } from './list.ts';
import type { Mutant } from './mutant.ts';
import { orderOf } from './order.ts';

interface Hunted {
  readonly seeds: number;
  readonly found: Violation | null;
}

const hunt = fileURLToPath(new URL('hunt.ts', import.meta.url));
const load = new URL('load.ts', import.meta.url).href;
const run = promisify(execFile);

export async function tryMutants({ seedsMax, only, say }: {
  seedsMax: number; only: string | undefined; say: (text: string) => void;
}) {
  const failures: string[] = [];
  const metrics: Record<string, unknown> = {};
  for (const mutant of mutants.filter((each) => isChosen(each, only))) {
    const hunted = await hunting(mutant, seedsMax);
    metrics[mutant.name] = hunted;
    // What fails without the mistake too says nothing about it.
    const blank = hunted.found === null ? null : (await runOnce(orderOf(hunted.seeds, mutant))).violation;
    if (blank !== null) failures.push(`seed ${String(hunted.seeds)} fails without ${mutant.name}, too: ${blank.rule}`);
    if (hunted.found === null) failures.push(`${mutant.name} was not caught within ${String(hunted.seeds)} seeds`);
    const { found, seeds } = hunted;
    const verdict = found === null ? 'NOT CAUGHT' : `caught by seed ${String(seeds)}: ${found.rule}`;
    say(`${mutant.name}: ${mutant.about}\n  ${verdict}`);
  }
  say(`${String(Object.keys(metrics).length - failures.length)} of ${String(Object.keys(metrics).length)} caught`);
  return { metrics, failures };
}

const isChosen = ({ name }: Mutant, only: string | undefined): boolean =>
  only === undefined || only.split(',').includes(name);

async function hunting({ name }: Mutant, seedsMax: number): Promise<Hunted> {
  const { stdout } = await run(process.execPath, ['--import', load, hunt, String(seedsMax)], {
    env: { ...process.env, PATHWARDEN_SIM_MUTANT: name },
  });
  return JSON.parse(stdout) as Hunted;
}
