// Programs that have to be there, with their versions.
import type { HostPort } from '../ports/doctor.ts';
import { type Finding, install, type Say } from './finding.ts';

/** Debian's packages, where they are not called like the program. */
const packages: Readonly<Record<string, string>> = {
  tgtd: 'tgt',
  tgtadm: 'tgt',
  ip: 'iproute2',
  ss: 'iproute2',
  sysctl: 'procps',
  arping: 'iputils-arping',
  ndptool: 'libndp-tools',
  nft: 'nftables',
  ceph: 'ceph-common',
  rbd: 'ceph-common',
  ssh: 'openssh-client',
  lvs: 'lvm2',
  lvchange: 'lvm2',
};

export const packageOf = (program: string): string =>
  packages[program] ?? (program.startsWith('fence_') ? 'fence-agents' : program);

/** One line each. */
export const programFindings = (host: HostPort, say: Say, names: readonly string[]): Promise<readonly Finding[]> =>
  Promise.all(names.map((name) => programFinding(host, say, name)));

export async function programFinding(host: HostPort, say: Say, name: string): Promise<Finding> {
  const program = await host.program(name);
  if (program.kind !== 'done') return say.unknown(name, program.reason);
  if (program.value === null) return say.failure(name, 'is not installed', install(packageOf(name)));
  const { path, version } = program.value;
  return say.ok(name, version === null ? path : `${version}, ${path}`);
}
