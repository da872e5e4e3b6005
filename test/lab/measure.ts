// What one scenario did to the service, from the observer's and the initiators' side.
import { now, sleep } from './clock.ts';
import type { PathFigures } from './initiator.ts';
import type { Lab, LabPath } from './lab.ts';
import { busyPercent, cpuTimes } from './machine.ts';
import { keep, largest, sum, type Report } from './report.ts';

/** A write that took longer than this counts as delayed. */
export const delayedMs = 200;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Time without service of one path: the longest in the window, by the observer; 0 when there was none. */
export function longestGapMs(lab: Lab, path: LabPath, { from, to }: Window): number {
  return largest(lab.observer.timeline.gaps(path.ip, from, to).map(({ ms }) => ms));
}

/** Writes of these paths in the window: all, failed at least once, delayed, and the slowest. */
export async function writes(
  lab: Lab,
  paths: readonly LabPath[],
  { from, to }: Window,
): Promise<{ all: number; failed: number; delayed: number; slowestMs: number }> {
  const figures = (await lab.initiator.figures(from, to)).filter(({ path }) => paths.some(({ name }) => name === path));
  const latencies = figures.flatMap(({ latenciesMs }) => latenciesMs);
  return {
    all: sum(figures.map((one) => one.writes)),
    failed: sum(figures.map((one) => one.failed)),
    delayed: latencies.filter((latency) => latency > delayedMs).length,
    slowestMs: largest(latencies),
  };
}

/** One line for each delayed write of these paths, with when it was issued: to tell its reason. */
export async function delayedWrites(lab: Lab, paths: readonly LabPath[], { from, to }: Window): Promise<string[]> {
  const figures = (await lab.initiator.figures(from, to)).filter(({ path }) => paths.some(({ name }) => name === path));
  return figures.flatMap(({ path, latenciesMs, issuedAt }) =>
    latenciesMs.flatMap((latency, index) => {
      if (latency <= delayedMs) return [];
      const into = ((issuedAt[index] ?? from) - from).toFixed(0);
      const server = lab.paths.filter(({ name }) => name === path).map((one) => lab.server(one));
      return [`path ${path} on ${server.join()}: ${latency.toFixed(0)} ms, issued at ${into} ms`];
    }),
  );
}

/** Slowest write of each path: what its initiator felt. */
export async function slowestByPath(lab: Lab, paths: readonly LabPath[], window: Window): Promise<number[]> {
  const figures: PathFigures[] = await lab.initiator.figures(window.from, window.to);
  return paths.map((path) => largest(figures.find((one) => one.path === path.name)?.latenciesMs ?? []));
}

/** Double service in the window, as failures; the two bars of every scenario that need no figures of their own. */
export function doubleService(lab: Lab, { from, to }: Window): string[] {
  return lab.paths.flatMap((path) =>
    lab.observer.double(path.ip, from, to).map(({ hosts, at, upToMs, certain }) => {
      const sure = certain ? 'answered together' : 'may have answered together (too near for the samples)';
      const when = `for up to ${upToMs.toFixed(1)} ms, ${(at - from).toFixed(0)} ms into it`;
      return `path ${path.name}: ${hosts.join(' and ')} ${sure} ${when}`;
    }),
  );
}

/** Lets the cluster run undisturbed and keeps what the rig alone does to the writes: the floor of all figures. */
export async function baseline(lab: Lab, report: Report, ms: number): Promise<void> {
  await lab.initiator.eventLoopDelayMs();
  const from = now();
  const cpuBefore = cpuTimes();
  await sleep(ms);
  keep(report, 'baselineCpuBusyPercent', busyPercent(cpuBefore, cpuTimes()));
  const found = await writes(lab, lab.paths, { from, to: now() });
  keep(report, 'baselineWrites', found.all);
  keep(report, 'baselineFailedWrites', found.failed);
  keep(report, 'baselineDelayedWrites', found.delayed);
  keep(report, 'baselineSlowestWriteMs', found.slowestMs);
  keep(report, 'baselineInitiatorLateMs', await lab.initiator.eventLoopDelayMs());
}
