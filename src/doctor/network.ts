// What moves addresses and holds packets back, on data planes with real ones.
import { isIP } from 'node:net';
import { hasRealAddresses } from '../config/config.ts';
import { interfaceName, vlanOf } from '../ports/interface-name.ts';
import { asRoot, type Finding, install, sayIn } from './finding.ts';
import { kernelFindings } from './kernel.ts';
import { installFix, programFinding, programFindings } from './programs.ts';
import type { Setup } from './setup.ts';

const say = sayIn('network');
const neededByIpv6 = ['ndisc6', 'ndptool'];

export async function networkFindings(setup: Setup): Promise<readonly Finding[]> {
  const { config, ports, view } = setup;
  if (!hasRealAddresses(config)) return [];
  const paths = [...(view?.disks.values() ?? [])].flatMap(({ value }) => value.paths);
  const hasIpv6 = paths.some(({ ip }) => isIP(ip) === 6);
  const hasVlans = paths.some((path) => vlanOf(interfaceName(path.interface, path.vlan)) !== null);
  const modules = ['nf_tables', ...(hasVlans ? ['8021q'] : [])];
  const names = ['ip', 'arping', 'sysctl', 'nft', ...(hasIpv6 ? neededByIpv6 : [])];
  const programs = [...(await programFindings(ports.host, say, names)), await wakingFinding(setup)];
  const without = hasIpv6 ? [] : await maybeLater(setup);
  const hasFilter = programs.some(({ what, level }) => what === 'nft' && level === 'ok');
  const filter = hasFilter ? [await filterFinding(setup)] : [];
  // Last, because trying the rules has the kernel load what it needs.
  return [...programs, ...without, ...filter, ...(await kernelFindings(ports.host, say, modules))];
}

/** Paths move without it. */
async function wakingFinding({ ports: { host } }: Setup): Promise<Finding> {
  const finding = await programFinding(host, say, 'socat');
  if (finding.level !== 'failure') return finding;
  return say.warning('socat', 'is not installed: initiators notice late that a path has moved', install('socat'));
}

/** Nobody needs them yet; without Consul nobody knows. */
async function maybeLater({ ports, view }: Setup): Promise<readonly Finding[]> {
  if (view !== null) return [];
  const findings = await programFindings(ports.host, say, neededByIpv6);
  const missing = findings.filter(({ level }) => level === 'failure');
  return missing.map(({ what }) =>
    say.unknown(what, 'is not installed; disks with IPv6 addresses need it', installFix(what)),
  );
}

async function filterFinding({ ports: { host, filter } }: Setup): Promise<Finding> {
  const what = 'packet filter';
  if (!host.isRoot) return say.unknown(what, 'only root can try the rules', asRoot);
  const checked = await filter.check();
  if (checked.kind === 'done') return say.ok(what, 'the kernel takes our rules (nft --check)');
  if (checked.kind === 'unknown') return say.unknown(what, checked.reason);
  return say.failure(what, `the kernel refuses our rules: ${checked.reason}`, 'modprobe nf_tables');
}
