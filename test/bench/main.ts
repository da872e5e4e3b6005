// `npm run bench`: how fast it is and how little it takes, each figure next to a baseline of the same run.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { busyPercent, cpuTimes } from '../lab/machine.ts';
import { idle } from './idle.ts';
import { journal } from './journal.ts';
import { barText, isMet, ratioOf, type Figure, type Result, tableOf } from './report.ts';
import { restart } from './restart.ts';
import { stepping } from './step.ts';
import { takeover } from './takeover.ts';

interface Bench {
  readonly name: string;
  readonly about: string;
  /** It needs root and the machine for itself: it runs when it is named. */
  readonly onRequest?: true;
  readonly run: () => Promise<Result>;
}

const benches: readonly Bench[] = [stepping, journal, idle, takeover, restart];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string' }, help: { type: 'boolean' } },
});
const isChosen = ({ name, onRequest }: Bench): boolean =>
  values.only === undefined ? onRequest !== true : name === values.only;
const chosen = benches.filter(isChosen);
const names = benches.map(({ name }) => name).join(', ');

if (values.help === true) {
  console.log(`npm run bench -- [--json] [--only NAME]\n\nNAME is one of ${names}.`);
} else if (chosen.length === 0) {
  console.error(`There is no bench ${String(values.only)}: it is one of ${names}.`);
  process.exitCode = 2;
} else {
  process.exitCode = await measure(chosen, values.json);
}

/** The exit code. */
async function measure(chosen: readonly Bench[], json: boolean): Promise<number> {
  const say = (text: string): void => (json ? console.error(text) : console.log(text));
  const failures: string[] = [];
  const metrics: Record<string, unknown> = {};
  for (const { name, about, run } of chosen) {
    const before = cpuTimes();
    say(`\n${name}: ${about}`);
    try {
      const { figures, skipped = [] } = await run();
      say(tableOf(figures));
      for (const what of skipped) say(`  left out: ${what}`);
      const baselines = figures.map((figure) => figure.baseline?.what);
      for (const what of new Set(baselines)) if (what !== undefined) say(`  baseline: ${what}`);
      metrics[name] = figures.map(toJson);
      failures.push(...figures.filter((figure) => !isMet(figure)).map(missed));
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    say(`  the machine's ${String(cpus().length)} cores were ${busyPercent(before, cpuTimes()).toFixed(0)} % busy`);
  }
  for (const failure of failures) say(`\nfailed: ${failure}`);
  if (json) console.log(JSON.stringify({ ok: failures.length === 0, metrics, failures }));
  return failures.length === 0 ? 0 : 1;
}

function toJson(figure: Figure): object {
  return { ...figure, ratio: ratioOf(figure), met: isMet(figure) };
}

function missed({ name, value, unit, bar }: Figure): string {
  return `${name}: ${String(value)} ${unit}, and the bar is ${bar === undefined ? 'none' : barText(bar)} ${unit}`;
}
