// A whole host dies: every process and the link, at once.
import { now, sleep } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { delayedWrites, longestGapMs, slowestByPath, writes } from '../measure.ts';
import { bar, keep, largest, percentile, type Report } from '../report.ts';
import type { Scenario } from './scenario.ts';

export const killHost: Scenario = {
  name: 'kill-host',
  what: 'a host is killed that does not lead Consul',
  async run(lab, report) {
    const leader = await lab.consul.leader();
    const victim = lab.gatewayHosts.find((host) => host !== leader && lab.pathsOf(host.name).length > 0);
    await killed(lab, report, 'killHost', victim?.name, 10_000);
  },
};

export const killLeaderHost: Scenario = {
  name: 'kill-leader-host',
  what: 'the host is killed whose Consul server leads',
  async run(lab, report) {
    await killed(lab, report, 'killLeaderHost', (await lab.consul.leader())?.name, 20_000);
  },
};

async function killed(lab: Lab, report: Report, name: string, victim = '', mostMs = 0): Promise<void> {
  if (victim === '') throw new Error('no host to kill');
  const paths = lab.pathsOf(victim);
  const others = lab.paths.filter((path) => !paths.includes(path));
  if (paths.length === 0) report.failures.push(`${name}: ${victim} had no path to lose`);
  const from = now();
  await lab.powerOff(victim);
  await lab.servedElsewhere(paths, victim, 60_000);
  await sleep(2000);
  await keepTakeover(lab, report, name, { paths, others, from, mostMs });
  await lab.boot(victim);
}

interface Takeover {
  /** Of the lost host, and of the others. */
  readonly paths: readonly LabPath[];
  readonly others: readonly LabPath[];
  readonly from: number;
  readonly mostMs: number;
}

/** Figures of a takeover: when the last path was served again, and what the paths of the other hosts felt. */
export async function keepTakeover(lab: Lab, report: Report, name: string, takeover: Takeover): Promise<void> {
  const { paths, others, from, mostMs } = takeover;
  const window = { from, to: now() };
  const servedAfter = paths.map((path) => servedAgainAfterMs(lab, path, from));
  keep(report, `${name}Paths`, paths.length);
  keep(report, `${name}ServedP50Ms`, percentile(servedAfter, 0.5));
  bar(report, `${name}ServedLastMs`, largest(servedAfter), mostMs);
  keep(report, `${name}GapLongestMs`, largest(paths.map((path) => longestGapMs(lab, path, window))));
  keep(report, `${name}SlowestWriteMs`, largest(await slowestByPath(lab, paths, window)));
  const elsewhere = await writes(lab, others, window);
  keep(report, `${name}OtherPathsFailedWrites`, elsewhere.failed);
  keep(report, `${name}OtherPathsDelayedWrites`, elsewhere.delayed);
  report.notes.push(...(await delayedWrites(lab, others, window)).map((text) => `${name}: another host's ${text}`));
}

/** From the fault to the first service that began after it; Infinity when there is none. */
function servedAgainAfterMs(lab: Lab, path: LabPath, fault: number): number {
  const next = lab.observer.timeline.service(path.ip).filter((interval) => interval.from > fault);
  return next.length === 0 ? Infinity : Math.min(...next.map((interval) => interval.from)) - fault;
}
