// A whole node is emptied in order: by an operator, or because its daemon stops with `onStop: drain`.
import { now, sleep, until } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { longestGapMs, slowestByPath } from '../measure.ts';
import { bar, keep, percentile, type Report } from '../report.ts';
import type { Scenario } from './scenario.ts';

export const drain: Scenario = {
  name: 'drain',
  what: 'an operator drains a node, then takes the drain back',
  async run(lab, report) {
    const paths = lab.pathsOf('n2');
    const begun = now();
    await lab.gateway('n1').drain('n2');
    await emptied(lab, 'n2', paths);
    await keepGaps(lab, report, 'drain', paths, begun);
    await lab.gateway('n1').undrain('n2');
  },
};

export const stopDrain: Scenario = {
  name: 'stop-drain',
  what: 'a daemon with `onStop: drain` is stopped, and started again',
  async run(lab, report) {
    const gateway = lab.gateway('n3');
    await gateway.stop();
    gateway.start({ onStop: 'drain' });
    await until('n3 is ready', 20_000, () => gateway.ready());
    await lab.allServed(20_000);
    const paths = lab.pathsOf('n3');
    const begun = now();
    if (!(await gateway.stop(30_000))) report.failures.push('stopDrain: the daemon did not end within 30 s of SIGTERM');
    keep(report, 'stopDrainEndedMs', now() - begun);
    if (lab.pathsOf('n3').length > 0) report.failures.push('stopDrain: the stopped node still serves paths');
    await emptied(lab, 'n3', paths);
    await keepGaps(lab, report, 'stopDrain', paths, begun);
    gateway.start();
  },
};

async function emptied(lab: Lab, node: string, paths: readonly LabPath[]): Promise<void> {
  await lab.servedElsewhere(paths, node, 30_000);
  await sleep(1500);
}

async function keepGaps(
  lab: Lab,
  report: Report,
  name: string,
  paths: readonly LabPath[],
  from: number,
): Promise<void> {
  const window = { from, to: now() };
  const gaps = paths.map((path) => longestGapMs(lab, path, window));
  const felt = await slowestByPath(lab, paths, window);
  keep(report, `${name}Paths`, paths.length);
  if (paths.length === 0) report.failures.push(`${name}: the node had no path to give`);
  bar(report, `${name}GapP50Ms`, percentile(gaps, 0.5), 300);
  bar(report, `${name}GapP99Ms`, percentile(gaps, 0.99), 1000);
  keep(report, `${name}SlowestWriteP50Ms`, percentile(felt, 0.5));
  keep(report, `${name}SlowestWriteP99Ms`, percentile(felt, 0.99));
}
