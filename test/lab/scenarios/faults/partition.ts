// The link is up, and some of it does not get through: to Consul, to the peers, to the initiators.
import { now, sleep } from '../../clock.ts';
import { peersPort } from '../../gateway.ts';
import type { Host } from '../../hosts.ts';
import type { Lab } from '../../lab.ts';
import { slowestByPath, writes } from '../../measure.ts';
import { keep } from '../../report.ts';
import { mendUntilWhole } from '../../mend.ts';
import { keepMargin, failIfTaken, leaseMs, takenOver, victim } from './fault.ts';
import { keepUndisturbed } from '../restart.ts';
import type { Scenario } from '../scenario.ts';

export const cutFromConsul: Scenario = {
  name: 'cut-from-consul',
  what: 'the Consul agent of each host in turn reaches no other agent',
  run: (lab, report) =>
    eachHost(lab, async (host, figure) => {
      const hit = victim(lab, host);
      const from = now();
      await lab.partitions.fromConsul(host);
      await takenOver(lab, report, figure('cutFromConsul'), hit, from, 30_000);
      keepMargin(lab, report, figure('cutFromConsulMarginMs'), hit, from);
    }),
};

export const cutFromAgent: Scenario = {
  name: 'cut-from-agent',
  what: 'a daemon does not reach the Consul agent of its own host, which all others see alive',
  run: (lab, report) =>
    eachHost(lab, async (host, figure) => {
      const hit = victim(lab, host);
      const from = now();
      await lab.partitions.fromAgent(host);
      await takenOver(lab, report, figure('cutFromAgent'), hit, from, lab.settings.ttlMs * 2 + 10_000);
      keepMargin(lab, report, figure('cutFromAgentMarginMs'), hit, from);
    }),
};

export const cutFromPeers: Scenario = {
  name: 'cut-from-peers',
  what: 'each daemon in turn hears no other daemon and reaches Consul: the majority excludes it',
  run: (lab, report) =>
    eachHost(lab, async (host, figure) => {
      const hit = victim(lab, host);
      const from = now();
      await lab.partitions.fromPort(host, peersPort, lab.gatewayHosts.filter((other) => other !== host));
      await takenOver(lab, report, figure('cutFromPeers'), hit, from, 10_000);
      keepMargin(lab, report, figure('cutFromPeersMarginMs'), hit, from);
    }),
};

export const cutOneFromAnother: Scenario = {
  name: 'cut-one-from-another',
  what: 'two daemons do not hear each other, and the third hears both: nothing moves',
  async run(lab, report) {
    const [one, other] = lab.gatewayHosts;
    if (one === undefined || other === undefined) throw new Error('no hosts');
    const paths = lab.pathsOf(one.name);
    const from = now();
    await lab.partitions.fromPort(one, peersPort, [other]);
    await sleep(6000);
    await keepUndisturbed(lab, report, 'cutOneFromAnother', { node: one.name, paths, from });
  },
};

export const cutFromInitiators: Scenario = {
  name: 'cut-from-initiators',
  what: 'each host in turn reaches everybody but the initiators: nothing moves, and service goes on when it heals',
  run: (lab, report) =>
    eachHost(lab, async (host, figure) => {
      const hit = victim(lab, host);
      const from = now();
      await lab.partitions.from(host, lab.initiatorHost);
      await sleep(lab.quick ? 5000 : leaseMs(lab) + 2000);
      failIfTaken(lab, report, 'cutFromInitiators', hit);
      const elsewhere = await writes(lab, hit.others, { from, to: now() });
      keep(report, figure('cutFromInitiatorsOtherPathsFailedWrites'), elsewhere.failed);
      const felt = await slowestByPath(lab, hit.paths, { from, to: now() });
      if (felt.some((ms) => ms < now() - from - 1000)) report.failures.push('cutFromInitiators: writes got through');
      await lab.partitions.heal();
      await sleep(2500);
    }),
};

/** In a quick run the one that leads Consul stands for all. `figure` names what was measured at this host. */
async function eachHost(
  lab: Lab,
  cut: (host: Host, figure: (name: string) => string) => Promise<void>,
): Promise<void> {
  const leader = await lab.consul.leader();
  if (leader === undefined) throw new Error('nobody leads Consul');
  for (const host of lab.quick ? [leader] : lab.gatewayHosts) {
    await mendUntilWhole(lab);
    await lab.balance();
    await sleep(500);
    await cut(host, (name) => `${name}${lab.quick ? '' : host.name.toUpperCase()}`);
  }
}
