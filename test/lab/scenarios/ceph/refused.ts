// Whom Ceph refuses, and what may be seen of a host that it refuses while that host lives on.
import { entryOf } from '../../ceph/ceph.ts';
import { now, sleep, until } from '../../clock.ts';
import type { Host } from '../../hosts.ts';
import type { Lab, LabPath } from '../../lab.ts';
import { keep, type Report } from '../../report.ts';
import type { Victim } from '../faults/fault.ts';

/** The blocklist holds these hosts and nobody else. */
export async function expectRefused(lab: Lab, report: Report, when: string, hosts: readonly Host[]): Promise<void> {
  const found = (await lab.ceph.blocklist()).join(' ');
  const expected = hosts.map(entryOf).toSorted().join(' ');
  if (found === expected) return;
  report.failures.push(`${when}: the blocklist holds "${found}" and not "${expected}"`);
}

/** The host takes part again, and nobody is refused any more. */
export async function untilBack(lab: Lab, report: Report, name: string, host: Host, from: number): Promise<void> {
  await until(`${host.name} is ready`, 60_000, () => lab.gateway(host.name).ready(), 50);
  keep(report, `${name}BackMs`, now() - from);
  await expectRefused(lab, report, `${name}: when ${host.name} is back`, []);
}

/** A host that was fenced by Ceph and of which nothing else was stopped than its daemon. */
export interface FencedAlive extends Victim {
  /** Wall clock, milliseconds: when it was cut off. */
  readonly wall: number;
  readonly from: number;
}

/**
 * Cuts the host off from everybody but Ceph. Its daemon stands still and cannot stop anything there: addresses stay up
 * and portals open. Done when others serve its paths.
 */
export async function cutOffAlive(lab: Lab, hit: Victim): Promise<FencedAlive> {
  const { host, paths } = hit;
  const fenced = { ...hit, wall: Date.now(), from: now() };
  lab.gateway(host.name).pause();
  await lab.partitions.fromAllBut(host, lab.ceph.host);
  await until(`others than ${host.name} serve its paths`, 60_000, () =>
    paths.every((path) => otherServers(lab, path, host).length > 0),
  );
  keptServing(lab, fenced);
  return fenced;
}

const otherServers = (lab: Lab, { ip }: LabPath, host: Host): string[] =>
  lab.observer.timeline.serving(ip).filter((name) => name !== host.name);

/** Otherwise nothing would be shown: the host stopped by itself. */
function keptServing(lab: Lab, { host, paths }: Victim): void {
  const stopped = paths.filter(({ ip }) => !lab.observer.timeline.serving(ip).includes(host.name));
  if (stopped.length > 0) throw new Error(`${host.name} has stopped serving ${String(stopped.length)} paths by itself`);
}

/** The host can be reached again, and its daemon goes on: as everybody else sees it, it comes back from the dead. */
export async function comeBack(lab: Lab, report: Report, name: string, { host }: Victim): Promise<void> {
  const [from, wall] = [now(), Date.now()];
  lab.gateway(host.name).resume();
  await lab.partitions.heal();
  // For as long as it has not read Consul again, it takes itself for what it was.
  await until(`${host.name} has a new session`, 60_000, async () => {
    const records = await lab.gateway(host.name).eventsSince(wall);
    return records.some(({ event }) => event.type === 'node.registered');
  });
  await untilBack(lab, report, name, host, from);
  await sleep(500);
}

/** Two hosts had an address only while one of them was refused, and no other host began before that was proven. */
export async function judgeDouble(lab: Lab, report: Report, name: string, fenced: FencedAlive): Promise<void> {
  const { host, paths, from } = fenced;
  const proven = await provenAt(lab, fenced);
  for (const path of lab.paths) {
    const double = lab.observer.double(path.ip, from, now());
    const odd = double.filter(({ hosts }) => !hosts.includes(host.name) || !paths.includes(path));
    if (odd.length > 0) report.failures.push(`${name}: path ${path.name}: two hosts served that were not refused`);
    const others = lab.observer.timeline.service(path.ip).filter((interval) => interval.host !== host.name);
    const early = paths.includes(path) && others.some((interval) => interval.from > from && interval.from < proven);
    if (early) report.failures.push(`${name}: path ${path.name} was served elsewhere before the proof`);
  }
  keep(report, `${name}ProvenMs`, proven - from);
}

/** When another node had the proof, on the monotonic clock. */
async function provenAt(lab: Lab, { host, wall }: FencedAlive): Promise<number> {
  const others = lab.gateways.filter((gateway) => gateway.host !== host);
  const records = (await Promise.all(others.map((gateway) => gateway.eventsSince(wall)))).flat();
  const proof = records.find(({ event }) => event.type === 'fence.proven');
  const { evidence = 'none' } = { ...proof?.event } as { readonly evidence?: string };
  if (proof === undefined || !evidence.includes(entryOf(host))) throw new Error(`nobody has proof: ${evidence}`);
  return now() - Date.now() + proof.at;
}
