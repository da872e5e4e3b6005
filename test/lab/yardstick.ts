// What the machine does to a hand-over, without pathwarden: a hand-over is some fifteen short programs in a row, by
// turns of two hosts, and how long these take alone is the machine's business.
import { now } from './clock.ts';
import { run } from './processes.ts';
import { bar, keep, percentile, type Report } from './report.ts';

const programs = [
  ['nft', '-j', 'list', 'tables'],
  ['ip', '-j', 'addr', 'show'],
  ['arping', '-V'],
];
const rounds = 5;
const handOverMostMs = 300;
/** Hand-overs took 2.3 to 3.6 times as long as the programs alone. No machine excuses more than twice the bar. */
const timesTheProgramsMost = 4;
const handOverEverMs = 2 * handOverMostMs;

/** One measurement, in milliseconds; to be taken where the hand-overs are, in between. */
export async function programsAloneMs(): Promise<number> {
  const begun = now();
  for (let round = 0; round < rounds; round += 1) for (const argv of programs) await run(argv, 10_000);
  return now() - begun;
}

/** Time without service of the paths that were handed over, one for each. */
export function barHandOvers(
  report: Report, name: string, gapsMs: readonly number[], programsMs: readonly number[],
): void {
  const aloneMs = percentile(programsMs, 0.5);
  keep(report, `${name}ProgramsAloneMs`, aloneMs);
  const mostMs = Math.min(handOverEverMs, Math.max(handOverMostMs, timesTheProgramsMost * aloneMs));
  bar(report, `${name}GapP50Ms`, percentile(gapsMs, 0.5), mostMs);
  bar(report, `${name}GapP99Ms`, percentile(gapsMs, 0.99), 1000);
}
