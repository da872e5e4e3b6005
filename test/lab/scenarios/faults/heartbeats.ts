// Heartbeats, and a fence that takes 100 ms: how soon all paths of a dead host are served again.
import { now, sleep, until } from '../../clock.ts';
import type { Host } from '../../hosts.ts';
import type { Lab } from '../../lab.ts';
import { keep, type Report } from '../../report.ts';
import { keepTakeover } from '../host.ts';
import type { Scenario } from '../scenario.ts';

const fenceMs = 100;
/** A quick run shares its machine with whatever else is checked. */
const quickFactor = 1.5;
/** A dead host proves nothing: it is not waited for. */
const settings = { selfMs: 0 } as const;

export const heartbeatsKillHost: Scenario = {
  name: 'heartbeats-kill-host',
  what: 'a host with all paths is killed that does not lead Consul; the nodes miss its heartbeats',
  settings,
  async run(lab, report) {
    const leader = await lab.consul.leader();
    await killed(lab, report, 'heartbeatsKillHost', lab.gatewayHosts.find((host) => host !== leader), 2000);
  },
};

export const heartbeatsKillLeaderHost: Scenario = {
  name: 'heartbeats-kill-leader-host',
  what: 'a host with all paths is killed whose Consul server leads; the nodes miss its heartbeats',
  settings,
  async run(lab, report) {
    await killed(lab, report, 'heartbeatsKillLeaderHost', await lab.consul.leader(), 4000);
  },
};

async function killed(lab: Lab, report: Report, name: string, host: Host | undefined, mostMs: number): Promise<void> {
  if (host === undefined) throw new Error('no host to kill');
  await gather(lab, host);
  lab.power.atLeastMs = fenceMs;
  const led = (await lab.consul.leader()) === host;
  const from = now();
  await lab.powerOff(host.name);
  // How long Consul takes to elect another leader is drawn by lot, and nobody else can shorten it.
  const elected = led ? leaderOtherThan(lab, host) : from;
  await lab.servedElsewhere(lab.paths, host.name, 60_000);
  if (led) keep(report, `${name}ElectedMs`, (await elected) - from);
  await sleep(1500);
  const most = lab.quick ? mostMs * quickFactor : mostMs;
  await keepTakeover(lab, report, name, { paths: lab.paths, others: [], from, mostMs: most });
}

/** When another host leads Consul. */
async function leaderOtherThan(lab: Lab, host: Host): Promise<number> {
  const isElected = async (): Promise<boolean> => ![undefined, host].includes(await lab.consul.leader());
  await until('Consul has another leader', 60_000, isElected, 20);
  return now();
}

/** The host gets all paths. */
async function gather(lab: Lab, host: Host): Promise<void> {
  const operator = lab.gateway(host.name);
  const others = lab.gatewayHosts.filter((other) => other !== host);
  for (const { name } of others) await operator.drain(name);
  await until(`${host.name} serves all paths`, 30_000, () => lab.pathsOf(host.name).length === lab.paths.length);
  for (const { name } of others) await operator.undrain(name);
  await sleep(1000);
}
