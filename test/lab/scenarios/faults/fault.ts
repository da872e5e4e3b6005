// What the fault scenarios have in common: whom they hit, and what must hold of him and of those who follow.
import { sleep } from '../../clock.ts';
import type { Host } from '../../hosts.ts';
import type { Lab, LabPath } from '../../lab.ts';
import { keep, type Report } from '../../report.ts';
import { keepTakeover } from '../host.ts';

export interface Victim {
  readonly host: Host;
  readonly paths: readonly LabPath[];
  readonly others: readonly LabPath[];
}

export function victim(lab: Lab, host: Host): Victim {
  const paths = lab.pathsOf(host.name);
  if (paths.length === 0) throw new Error(`${host.name} serves no path`);
  return { host, paths, others: lab.paths.filter((path) => !paths.includes(path)) };
}

export async function follower(lab: Lab): Promise<Victim> {
  const leader = await lab.consul.leader();
  const host = lab.gatewayHosts.find((candidate) => candidate !== leader);
  if (leader === undefined || host === undefined) throw new Error('Consul has no leader');
  return victim(lab, host);
}

export async function leader(lab: Lab): Promise<Victim> {
  const host = await lab.consul.leader();
  if (host === undefined) throw new Error('Consul has no leader');
  return victim(lab, host);
}

/** How long a daemon may serve after its last contact with Consul. */
export const leaseMs = (lab: Lab): number => lab.settings.ttlMs - lab.settings.marginMs;

/** Waits until others serve the victim's paths, and keeps how long that took. */
export async function takenOver(
  lab: Lab,
  report: Report,
  name: string,
  { host, paths, others }: Victim,
  from: number,
  mostMs: number,
): Promise<void> {
  await lab.servedElsewhere(paths, host.name, 90_000);
  await sleep(1500);
  await keepTakeover(lab, report, name, { paths, others, from, mostMs });
}

/** Between the victim's last answer and the first of another host there was time, on every path. */
export function keepMargin(lab: Lab, report: Report, figure: string, { host, paths }: Victim, from: number): number {
  const margins = paths.map(({ ip }) => lab.observer.marginMs(ip, host.name, from) ?? Number.NaN);
  const least = margins.reduce((one, other) => Math.min(one, other), Infinity);
  keep(report, figure, least);
  if (!(least > 0)) report.failures.push(`${figure} is ${String(least)}: it is not seen that ${host.name} ended first`);
  return least;
}

/** Another node waits for a proof that the victim cannot write. */
export async function isBeingExcluded(lab: Lab, { host }: Victim): Promise<boolean> {
  const other = lab.gateways.find((gateway) => gateway.host !== host);
  const exclusions = (await other?.cluster())?.exclusions ?? [];
  return exclusions.some(({ node, state }) => node === host.name && state !== 'proven');
}

/** Nobody but the victim serves a path of his. */
export function failIfTaken(lab: Lab, report: Report, name: string, { host, paths }: Victim): void {
  const taken = paths.filter((path) => ![undefined, host.name].includes(lab.server(path)));
  const what = `${name}: ${taken.length} paths were taken from ${host.name} without proof`;
  if (taken.length > 0) report.failures.push(what);
}

/** When the host answered last for any of the paths, in milliseconds after `from`. Infinity: it answers still. */
export function stoppedAfterMs(lab: Lab, { host, paths }: Victim, from: number): number {
  const service = paths.flatMap(({ ip }) => lab.observer.timeline.service(ip));
  const own = service.filter((interval) => interval.host === host.name && interval.toLatest >= from);
  return Math.max(...own.map(({ toLatest }) => toLatest)) - from;
}
