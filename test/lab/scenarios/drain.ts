// A whole node is emptied in order: by an operator, or because its daemon stops with `onStop: drain`. Every node in
// turn: one emptying is over in a second, and a pause of the machine would be all that it shows.
import { now, sleep, until } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { longestGapMs, slowestByPath } from '../measure.ts';
import { keep, percentile, type Report } from '../report.ts';
import { barHandOvers, programsAloneMs } from '../yardstick.ts';
import type { Scenario } from './scenario.ts';

export const drain: Scenario = {
  name: 'drain',
  what: 'an operator drains each node, then takes the drain back',
  async run(lab, report) {
    const figures = emptyFigures();
    for (const node of ['n2', 'n3', 'n1']) {
      const paths = lab.pathsOf(node);
      const begun = now();
      await lab.gateway('n1').drain(node);
      await emptied(lab, node, paths);
      await measure(lab, figures, paths, begun);
      await lab.gateway('n1').undrain(node);
      await lab.balance();
    }
    judge(report, 'drain', figures);
  },
};

export const stopDrain: Scenario = {
  name: 'stop-drain',
  what: 'each daemon is stopped with `onStop: drain`, and started again',
  async run(lab, report) {
    const figures = emptyFigures();
    for (const node of ['n3', 'n2', 'n1']) await stopAndStart(lab, report, node, figures);
    judge(report, 'stopDrain', figures);
  },
};

/** Of every path that was given. */
interface Figures {
  readonly gapsMs: number[];
  readonly slowestWritesMs: number[];
  readonly endedMs: number[];
  readonly programsAloneMs: number[];
}

const emptyFigures = (): Figures => ({ gapsMs: [], slowestWritesMs: [], endedMs: [], programsAloneMs: [] });

async function stopAndStart(lab: Lab, report: Report, node: string, figures: Figures): Promise<void> {
  const gateway = lab.gateway(node);
  await gateway.stop();
  gateway.start({ onStop: 'drain' });
  await until(`${node} is ready`, 20_000, () => gateway.ready());
  await lab.allServed(20_000);
  await lab.balance();
  const paths = lab.pathsOf(node);
  const begun = now();
  if (!(await gateway.stop(30_000))) report.failures.push(`stopDrain: ${node} did not end within 30 s of SIGTERM`);
  figures.endedMs.push(now() - begun);
  if (lab.pathsOf(node).length > 0) report.failures.push(`stopDrain: ${node} is stopped and still serves paths`);
  await emptied(lab, node, paths);
  await measure(lab, figures, paths, begun);
  gateway.start();
  await until(`${node} is ready again`, 20_000, () => gateway.ready());
  await lab.balance();
}

async function emptied(lab: Lab, node: string, paths: readonly LabPath[]): Promise<void> {
  await lab.servedElsewhere(paths, node, 30_000);
  await sleep(1500);
}

async function measure(lab: Lab, figures: Figures, paths: readonly LabPath[], from: number): Promise<void> {
  const window = { from, to: now() };
  figures.gapsMs.push(...paths.map((path) => longestGapMs(lab, path, window)));
  figures.slowestWritesMs.push(...(await slowestByPath(lab, paths, window)));
  for (let times = 0; times < 3; times += 1) figures.programsAloneMs.push(await programsAloneMs());
}

function judge(report: Report, name: string, figures: Figures): void {
  const { gapsMs, slowestWritesMs, endedMs } = figures;
  keep(report, `${name}Paths`, gapsMs.length);
  if (gapsMs.length === 0) report.failures.push(`${name}: no node had a path to give`);
  barHandOvers(report, name, gapsMs, figures.programsAloneMs);
  keep(report, `${name}SlowestWriteP50Ms`, percentile(slowestWritesMs, 0.5));
  keep(report, `${name}SlowestWriteP99Ms`, percentile(slowestWritesMs, 0.99));
  if (endedMs.length > 0) keep(report, `${name}EndedMs`, Math.max(...endedMs));
}
