// One run: disks, writers, a baseline, the scenarios one after the other, and the last judgement over the disks.
import { now, sleep } from './clock.ts';
import type { Lab } from './lab.ts';
import { busyPercent, cpuTimes } from './machine.ts';
import { mendUntilWhole } from './mend.ts';
import { baseline, doubleService } from './measure.ts';
import { bar, keep, largest, message, sum, type Report } from './report.ts';
import type { Scenario } from './scenarios/scenario.ts';

const baselineMs = 10_000;
const sampleBarMs = 20;
/** A quick run shares its machine with whatever else is checked. */
const quickSampleBarMs = 50;

type Say = (text: string) => void;

/** What is added up over all scenarios. */
interface Totals {
  doubleService: number;
  readonly samplesMs: number[];
  slowSweeps: number;
  sweeps: number;
}

export async function runScenarios(
  lab: Lab,
  report: Report,
  scenarios: readonly Scenario[],
  say: Say,
): Promise<void> {
  const totals: Totals = { doubleService: 0, samplesMs: [], slowSweeps: 0, sweeps: 0 };
  await lab.addDisks();
  await lab.allServed(180_000);
  await lab.settled();
  await lab.balance();
  await lab.startWriters();
  await sleep(2000);
  await lab.observer.figures();
  say('settled: 12 paths served and written to');
  await baseline(lab, report, baselineMs);
  const seenBefore = new Set<string>();
  for (const scenario of scenarios) {
    if (!(await attempt(lab, report, scenario, totals, say))) break;
    await keepMisreads(lab, report, seenBefore, scenario.name);
  }
  await mendUntilWhole(lab).catch((error: unknown) => report.failures.push(`at the end: ${message(error)}`));
  await judge(lab, report, totals, seenBefore.size);
}

/** Gives false when the cluster does not settle any more, so that what follows would measure nothing. */
async function attempt(lab: Lab, report: Report, scenario: Scenario, totals: Totals, say: Say): Promise<boolean> {
  try {
    await mendUntilWhole(lab);
    await lab.use({ ...lab.settings, ...scenario.settings });
    await mendUntilWhole(lab);
    await lab.balance();
  } catch (error) {
    report.failures.push(`before ${scenario.name}: the cluster does not settle: ${message(error)}`);
    return false;
  }
  await sleep(1000);
  const from = now();
  const failuresBefore = report.failures.length;
  const notesBefore = report.notes.length;
  const cpuBefore = cpuTimes();
  await lab.initiator.eventLoopDelayMs();
  await scenario.run(lab, report).catch((error: unknown) => {
    report.failures.push(`${scenario.name}: ${message(error)}`);
  });
  const double = scenario.judgesDoubleService === true ? [] : doubleService(lab, { from, to: now() });
  report.failures.push(...double.map((text) => `${scenario.name}: ${text}`));
  totals.doubleService += double.length;
  await keepObserver(lab, report, totals, from);
  keep(report, `${camel(scenario.name)}InitiatorLateMs`, await lab.initiator.eventLoopDelayMs());
  keep(report, `${camel(scenario.name)}CpuBusyPercent`, busyPercent(cpuBefore, cpuTimes()));
  const verdict = report.failures.length === failuresBefore ? '✓' : '✗';
  say(`${verdict} ${scenario.name}: ${scenario.what} (${((now() - from) / 1000).toFixed(1)} s)`);
  for (const text of [...report.failures.slice(failuresBefore), ...report.notes.slice(notesBefore)]) say(`    ${text}`);
  return true;
}

async function keepObserver(lab: Lab, report: Report, totals: Totals, from: number): Promise<void> {
  const { sweeps, slow, longestMs } = await lab.observer.figures();
  totals.sweeps += sweeps;
  totals.slowSweeps += slow.length;
  totals.samplesMs.push(longestMs);
  for (const { at, ms } of slow) {
    report.notes.push(`nobody looked for ${ms.toFixed(1)} ms, ${(at - from).toFixed(0)} ms into it`);
  }
}

async function keepMisreads(lab: Lab, report: Report, seenBefore: Set<string>, scenario: string): Promise<void> {
  for (const { misreads } of await lab.initiator.figures(now(), now())) {
    for (const misread of misreads.filter((text) => !seenBefore.has(text))) {
      seenBefore.add(misread);
      report.failures.push(`${scenario}: ${misread}`);
    }
  }
}

async function judge(lab: Lab, report: Report, totals: Totals, misreads: number): Promise<void> {
  const figures = await lab.initiator.figures(0, now());
  keep(report, 'writes', sum(figures.map(({ writes }) => writes)));
  keep(report, 'readBacks', sum(figures.map(({ reads }) => reads)));
  const problems = await lab.finish();
  report.failures.push(...problems);
  keep(report, 'lostOrMisread', misreads + problems.length);
  keep(report, 'doubleService', totals.doubleService);
  keep(report, 'observerSweeps', totals.sweeps);
  keep(report, 'observerSlowSweeps', totals.slowSweeps);
  bar(report, 'observerLongestIntervalMs', largest(totals.samplesMs), lab.quick ? quickSampleBarMs : sampleBarMs);
}

const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
