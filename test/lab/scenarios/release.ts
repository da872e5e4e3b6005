// An operator releases one path after the other to another node.
import { now, sleep, until } from '../clock.ts';
import { longestGapMs, slowestByPath } from '../measure.ts';
import { keep, percentile } from '../report.ts';
import { barHandOvers, programsAloneMs } from '../yardstick.ts';
import type { Scenario } from './scenario.ts';

const repetitions = 24;

export const release: Scenario = {
  name: 'release',
  what: `an operator releases paths, ${repetitions} times`,
  async run(lab, report) {
    const gaps: number[] = [];
    const felt: number[] = [];
    const alone: number[] = [];
    for (let round = 0; round < repetitions; round += 1) {
      const path = lab.paths[(round * 5) % lab.paths.length];
      const from = path === undefined ? undefined : lab.server(path);
      const to = lab.gatewayHosts.find(({ name }) => name !== from && (round % 2 === 0 || name !== 'n1'))?.name;
      if (path === undefined || from === undefined || to === undefined) throw new Error('a path is not served');
      const begun = now();
      await lab.gateway(from).release(path.disk, path.index, to);
      await until(`${path.name} is served by ${to}`, 15_000, () => lab.server(path) === to, 10);
      await sleep(700);
      const window = { from: begun, to: now() };
      gaps.push(longestGapMs(lab, path, window));
      felt.push(...(await slowestByPath(lab, [path], window)));
      alone.push(await programsAloneMs());
    }
    keep(report, 'releaseCount', gaps.length);
    barHandOvers(report, 'release', gaps, alone);
    keep(report, 'releaseSlowestWriteP50Ms', percentile(felt, 0.5));
    keep(report, 'releaseSlowestWriteP99Ms', percentile(felt, 0.99));
  },
};
