// Two of three Consul servers are gone, and every gateway is well: no daemon can tell anybody anything.
import { now, sleep, until } from '../../clock.ts';
import { bar, keep, largest } from '../../report.ts';
import { longestGapMs, writes } from '../../measure.ts';
import type { Scenario } from '../scenario.ts';

export const quorumLost: Scenario = {
  name: 'consul-quorum-lost',
  what: 'two of three Consul servers are down for minutes while all gateways are well: no write fails',
  // Where gossip may end sessions, a new leader of Consul ends that of a host which gossip has not seen again yet.
  settings: { nodeHealth: false },
  async run(lab, report) {
    const downMs = lab.quick ? 40_000 : 300_000;
    const from = now();
    const [, ...lost] = lab.gatewayHosts;
    await Promise.all(lost.map((host) => lab.consul.kill(host)));
    await sleep(downMs);
    const outage = await writes(lab, lab.paths, { from, to: now() });
    keep(report, 'quorumLostDownMs', now() - from);
    keep(report, 'quorumLostWrites', outage.all);
    bar(report, 'quorumLostFailedWrites', outage.failed, 0);
    const gaps = lab.paths.map((path) => longestGapMs(lab, path, { from, to: now() }));
    bar(report, 'quorumLostGapMs', largest(gaps), 0);
    const back = now();
    for (const host of lost) lab.consul.start(host);
    await until('Consul is whole again', 60_000, () => lab.consul.whole(), 100);
    keep(report, 'quorumLostWholeAgainMs', now() - back);
    await lab.allServed(60_000);
    await sleep(5000);
    const after = await writes(lab, lab.paths, { from: back, to: now() });
    bar(report, 'quorumLostFailedWritesAfterwards', after.failed, 0);
  },
};
