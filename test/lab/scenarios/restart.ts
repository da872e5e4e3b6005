// The daemon goes away and comes back while its data plane serves on: no initiator may notice.
import { now, sleep, until } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { longestGapMs, writes } from '../measure.ts';
import { bar, keep, largest, type Report } from '../report.ts';
import type { Scenario } from './scenario.ts';

export const restart: Scenario = {
  name: 'restart',
  what: 'a daemon with `onStop: keep` is stopped and started again',
  run: (lab, report) =>
    undisturbed(lab, report, 'restart', 'n1', async () => {
      if (await lab.gateway('n1').stop(15_000)) return;
      report.failures.push('restart: the daemon did not end within 15 s of SIGTERM');
    }),
};

export const killDaemon: Scenario = {
  name: 'kill-daemon',
  what: 'a daemon is killed with SIGKILL and started again',
  run: (lab, report) => undisturbed(lab, report, 'killDaemon', 'n2', () => lab.gateway('n2').kill()),
};

export async function undisturbed(
  lab: Lab,
  report: Report,
  name: string,
  node: string,
  stop: () => Promise<void>,
): Promise<void> {
  const paths = lab.pathsOf(node);
  const from = now();
  await stop();
  // Long enough that nothing of the old process helps, short of the session's end.
  await sleep(1000);
  lab.gateway(node).start();
  await until(`${node} is ready`, 20_000, () => lab.gateway(node).ready());
  keep(report, `${name}ReadyMs`, now() - from);
  // Past the time at which a session that nobody renews would have been lost.
  await sleep(6000);
  await keepUndisturbed(lab, report, name, { node, paths, from });
}

/** Figures and bars of a fault that no initiator may notice: the paths stay where they are, and answer. */
export async function keepUndisturbed(
  lab: Lab,
  report: Report,
  name: string,
  { node, paths, from }: { readonly node: string; readonly paths: readonly LabPath[]; readonly from: number },
): Promise<void> {
  const window = { from, to: now() };
  const found = await writes(lab, paths, window);
  keep(report, `${name}Writes`, found.all);
  bar(report, `${name}FailedWrites`, found.failed, 0);
  bar(report, `${name}DelayedWrites`, found.delayed, 0);
  keep(report, `${name}SlowestWriteMs`, found.slowestMs);
  bar(report, `${name}GapMs`, largest(paths.map((path) => longestGapMs(lab, path, window))), 0);
  const moved = paths.filter((path) => lab.server(path) !== node);
  if (paths.length === 0) report.failures.push(`${name}: the node had no path to keep`);
  if (moved.length > 0) report.failures.push(`${name}: ${moved.length} paths left the node`);
}
