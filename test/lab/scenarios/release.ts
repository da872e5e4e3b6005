// An operator releases one path after the other to another node.
import { now, sleep, until } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { longestGapMs, slowestByPath } from '../measure.ts';
import { keep, percentile, timeBar } from '../report.ts';
import type { Scenario } from './scenario.ts';

const repetitions = 24;

export const release: Scenario = {
  name: 'release',
  what: `an operator releases paths, ${repetitions} times`,
  async run(lab, report) {
    const gaps: number[] = [];
    const felt: number[] = [];
    let strayed = 0;
    for (let round = 0; round < repetitions; round += 1) {
      const path = lab.paths[(round * 5) % lab.paths.length];
      const from = path === undefined ? undefined : lab.server(path);
      const to = lab.gatewayHosts.find(({ name }) => name !== from && (round % 2 === 0 || name !== 'n1'))?.name;
      if (path === undefined || from === undefined || to === undefined) throw new Error('a path is not served');
      const begun = now();
      await lab.gateway(from).release(path.disk, path.index, to);
      const moved = `${path.name} is served by another node`;
      const server = await until(moved, 15_000, () => elsewhere(lab, path, from), 10);
      if (server !== to) strayed += 1;
      await sleep(700);
      const window = { from: begun, to: now() };
      gaps.push(longestGapMs(lab, path, window));
      felt.push(...(await slowestByPath(lab, [path], window)));
    }
    keep(report, 'releaseCount', gaps.length);
    // Whom an operator names goes first; another node takes the path when that one does not in its time.
    keep(report, 'releaseServedByAnother', strayed);
    timeBar(report, 'releaseGapP50Ms', percentile(gaps, 0.5), 300);
    timeBar(report, 'releaseGapP99Ms', percentile(gaps, 0.99), 1000);
    keep(report, 'releaseSlowestWriteP50Ms', percentile(felt, 0.5));
    keep(report, 'releaseSlowestWriteP99Ms', percentile(felt, 0.99));
  },
};

function elsewhere(lab: Lab, path: LabPath, from: string): string | undefined {
  const server = lab.server(path);
  return server === from ? undefined : server;
}
