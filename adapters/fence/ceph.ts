// Fencing by Ceph itself: the OSDs refuse every client at the addresses of the lost node.
import { networkInterfaces } from 'node:os';
import type { FencePort } from '../../src/ports/dataplane.ts';
import { plainIp, sameIp } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';
import { type OsdMap, readOsdMap, refusingOsds } from './ceph-answers.ts';

export interface CephSettings {
  readonly run: Run;
  /** The cluster's configuration file; it also says where the key is. */
  readonly conf: string;
  /** `pathwarden` for the user client.pathwarden. */
  readonly id: string;
  /** By node, each IP address that its Ceph clients may have. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
}

/** Years: a write that waits in a node which is cut off must not outlive its entry. */
const entrySeconds = 5 * 365 * 86_400;
/** What an entry that stood before must last at least: Ceph does not prolong it. */
const leastMs = 30 * 86_400_000;

/**
 * Proof is that each OSD which is up says itself that it refuses these addresses. That the monitors have written it
 * down is none: OSDs hear of it seconds later. An OSD that comes up afterwards does not begin without the newer map.
 */
export function cephFence(settings: CephSettings): FencePort {
  return {
    async fence({ node }, options) {
      const ips = ipsOf(settings, node);
      if (ips.length === 0) return refused(`no address of node ${node} is configured`);
      const own = ips.find(isOfThisHost);
      if (own !== undefined) return refused(`${own} is configured for node ${node}, and this host has it`);
      const ceph = commandOf(settings, options);
      const entries = ips.map(entryOf);
      const add = (entry: string) => ceph('osd', 'blocklist', 'add', entry, String(entrySeconds));
      const added = await Promise.all(entries.map(add));
      const failed = added.find((result) => result.kind !== 'exited' || result.code !== 0);
      if (failed !== undefined) return failure(failed);
      // Without it an OSD that has nothing to do learns of the entry only with the next heartbeats.
      const urged = await ceph('tell', 'osd.*', 'get_latest_osdmap');
      if (urged.kind !== 'exited') return failure(urged);
      const said = await ceph('tell', 'osd.*', 'dump_blocklist', '--format', 'json');
      if (said.kind !== 'exited') return failure(said);
      const dump = await ceph('osd', 'dump', '--format', 'json');
      if (dump.kind !== 'exited' || dump.code !== 0) return failure(dump);
      const map = readOsdMap(dump.stdout);
      return map === null ? unknown('ceph osd dump cannot be understood') : judge(map, entries, said);
    },
  };
}

function judge(map: OsdMap, entries: readonly string[], said: Exited): Outcome<{ evidence: string }> {
  for (const entry of entries) {
    const untilMs = map.blocklistUntilMs.get(entry);
    if (untilMs === undefined) return refused(`not proven: ${entry} is not blocklisted in epoch ${map.epoch}`);
    if (untilMs - map.modifiedMs >= leastMs) continue;
    const end = new Date(untilMs).toISOString();
    const why = `it stood in the blocklist before, and ends at ${end}`;
    return refused(`not proven: ${entry} is too short: ${why}; remove it first: ceph osd blocklist rm ${entry}`);
  }
  const up = map.osds.filter((osd) => osd.isUp).map(({ id }) => id);
  if (up.length === 0) return refused('not proven: no OSD is up');
  const refusing = refusingOsds(said.stdout, entries, map);
  const silent = up.filter((id) => !refusing.has(id)).map((id) => `osd.${id}`);
  if (silent.length > 0) {
    const trouble = said.code === 0 ? '' : ` (${describe(said)})`;
    return refused(`not proven: ${silent.join(', ')} did not say that it refuses ${entries.join(' and ')}${trouble}`);
  }
  const osds = up.length === 1 ? 'the OSD that is up refuses' : `all ${up.length} OSDs that are up refuse`;
  return done({ evidence: `${osds} ${entries.join(' and ')} by epoch ${map.epoch}` });
}

type Exited = Extract<RunResult, { kind: 'exited' }>;

export type Ceph = (...argv: string[]) => Promise<RunResult>;

/** The commands of one call, which share its deadline. */
export function commandOf({ run, conf, id }: CephSettings, options: CallOptions): Ceph {
  const left = shareDeadline(options);
  return (...argv) => run(['ceph', '--conf', conf, '--id', id, ...argv], left());
}

const ipsOf = ({ nodes }: CephSettings, node: string): readonly string[] =>
  Object.hasOwn(nodes, node) ? (nodes[node] ?? []) : [];

/** What stands in the blocklist while the node is refused. */
export const entriesOf = (settings: CephSettings, node: string): readonly string[] =>
  ipsOf(settings, node).map(entryOf);

/** Port and nonce 0 stand for every client at that address, also for one that is started later. */
function entryOf(ip: string): string {
  const plain = plainIp(ip);
  return plain.includes(':') ? `[${plain}]:0/0` : `${plain}:0/0`;
}

const isOfThisHost = (ip: string): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => sameIp(address, ip)));
