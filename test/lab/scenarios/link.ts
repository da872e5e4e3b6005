// A host loses its link and lives on, believing that it serves.
import { now, sleep, until } from '../clock.ts';
import type { Host } from '../hosts.ts';
import type { Lab, LabPath } from '../lab.ts';
import { longestGapMs } from '../measure.ts';
import { bar, keep, largest, type Report } from '../report.ts';
import { keepTakeover } from './host.ts';
import type { Scenario } from './scenario.ts';

/** A session, a proof and a take-over, each in a few tens of milliseconds; the node asks again after 5 s at most. */
const seenToServedMs = 10_000;

export const cutLink: Scenario = {
  name: 'cut-link',
  what: 'the link of a host is cut; the fence takes its power; the link heals',
  async run(lab, report) {
    const leader = await lab.consul.leader();
    const victim = lab.gatewayHosts.find((host) => host !== leader && lab.pathsOf(host.name).length > 0);
    if (victim === undefined) throw new Error('no host to cut off');
    const paths = lab.pathsOf(victim.name);
    const others = lab.paths.filter((path) => !paths.includes(path));
    const from = now();
    await lab.network.cut(victim);
    await lab.servedElsewhere(paths, victim.name, 60_000);
    await sleep(2000);
    await keepTakeover(lab, report, 'cutLink', { paths, others, from, mostMs: 20_000 });
    if (victim.powered) report.failures.push('cutLink: the host lost its paths without having been fenced');
    await lab.boot(victim.name);
  },
};

export const cutLinkUnfenced: Scenario = {
  name: 'cut-link-unfenced',
  what: 'the same while the power switch does not work: nobody may take over until the link heals',
  async run(lab, report) {
    const leader = await lab.consul.leader();
    const victim = lab.gatewayHosts.find((host) => host !== leader && lab.pathsOf(host.name).length > 0);
    if (victim === undefined) throw new Error('no host to cut off');
    const paths = lab.pathsOf(victim.name);
    lab.power.broken = true;
    try {
      const from = now();
      await lab.network.cut(victim);
      // Well past the owner's own deadline (session TTL less its margin) and past every take-over delay.
      await sleep(22_000);
      const taken = paths.filter((path) => ![undefined, victim.name].includes(lab.server(path)));
      if (taken.length > 0) report.failures.push(`cutLinkUnfenced: ${taken.length} paths were taken without proof`);
      const kept = lab.pathsOf(victim.name);
      if (kept.length > 0) report.failures.push(`cutLinkUnfenced: the cut-off host still serves ${kept.length} paths`);
      keep(report, 'cutLinkUnfencedStoppedMs', largest(paths.map((path) => lastServed(lab, path, victim.name))) - from);
      await healed(lab, report, victim);
      await sleep(1000);
      const gaps = paths.map((path) => longestGapMs(lab, path, { from, to: now() }));
      keep(report, 'cutLinkUnfencedGapLongestMs', largest(gaps));
    } finally {
      lab.power.broken = false;
    }
  },
};

/** Until Consul's agents find each other again is their part; from then on it is ours. */
async function healed(lab: Lab, report: Report, victim: Host): Promise<void> {
  const from = now();
  await lab.network.heal(victim);
  const leader = await lab.consul.leader();
  if (leader === undefined) throw new Error('Consul has no leader');
  await until(`Consul sees ${victim.name}`, 60_000, () => lab.consul.seesAlive(leader, victim), 50);
  const seen = now();
  await lab.allServed(60_000);
  keep(report, 'cutLinkUnfencedHealedToSeenMs', seen - from);
  bar(report, 'cutLinkUnfencedSeenToServedMs', now() - seen, seenToServedMs);
}

function lastServed(lab: Lab, path: LabPath, host: string): number {
  const service = lab.observer.timeline.service(path.ip).filter((interval) => interval.host === host);
  return largest(service.map(({ to }) => to));
}
