// What the method `ceph` needs: Ceph answers its user, and that user may do what the fence does.
import { plainIp } from '../ports/ip.ts';
import type { Outcome, Refused, Unknown } from '../ports/outcome.ts';
import { asRoot, type Finding, install, sayIn } from './finding.ts';
import { programFinding } from './programs.ts';
import type { CephMethod, Setup } from './setup.ts';

const say = sayIn('ceph');
const leastMajor = 16;
const wantedMon =
  'allow r, allow command "osd blocklist" with blocklistop=add, allow command "osd blocklist" with blocklistop=rm';

export async function cephFindings(setup: Setup, method: CephMethod): Promise<readonly Finding[]> {
  const { host } = setup.ports;
  const program = await programFinding(host, say, 'ceph');
  if (program.level !== 'ok') return [program];
  const conf = await host.file(method.conf);
  const isMissing = conf.kind === 'done' && conf.value === null;
  return [
    versionFinding(program),
    await addressFinding(setup, method),
    ...(isMissing
      ? [say.failure('conf', `${method.conf} is not there`, confFix(method))]
      : await clusterFindings(setup, method)),
  ];
}

function versionFinding(program: Finding): Finding {
  const major = Number.parseInt(program.found, 10);
  if (major >= leastMajor) return program;
  const needed = `${String(leastMajor)} or newer is needed`;
  if (Number.isNaN(major)) return say.unknown('ceph', `${program.found} says no version: ${needed}`, 'ceph --version');
  return say.failure('ceph', `${program.found}: ${needed}`, install('ceph-common'));
}

async function clusterFindings({ ports }: Setup, method: CephMethod): Promise<readonly Finding[]> {
  const ceph = ports.ceph(method);
  const status = await ceph.status();
  if (status.kind !== 'done') return [silentFinding(status, method, ports.host.isRoot)];
  const [blocklist, silent, caps] = await Promise.all([ceph.blocklist(), ceph.silentOsds(), ceph.caps()]);
  return [
    say.ok('answers', `as client.${method.id}, ${status.value.health}`),
    blocklistFinding(blocklist, method),
    osdFinding(silent, method),
    capsFinding(caps, method),
  ];
}

/** Where the list is wrong about this host, others refuse the wrong one, or this host refuses itself. */
async function addressFinding({ config, ports: { host } }: Setup, { nodes }: CephMethod): Promise<Finding> {
  const what = 'this node';
  const { name } = config.node;
  const links = await host.links();
  if (links.kind !== 'done') return say.unknown(what, links.reason);
  const here = new Set(links.value.flatMap(({ addresses }) => addresses.map(({ ip }) => plainIp(ip))));
  const fix = `nodes: { ${name}: [10.0.2.1] }   # ip -br addr`;
  for (const [node, ips] of Object.entries(nodes)) {
    const own = ips.find((ip) => here.has(plainIp(ip)));
    if (node !== name && own !== undefined) return say.failure(what, `has ${own}, which nodes gives to ${node}`, fix);
  }
  const ips = Object.hasOwn(nodes, name) ? (nodes[name] ?? []) : [];
  if (ips.length === 0) return say.warning(what, `${name} is not in nodes: others cannot fence it`, fix);
  const elsewhere = ips.find((ip) => !here.has(plainIp(ip)));
  if (elsewhere === undefined) return say.ok(what, `${name} is ${ips.join(', ')}`);
  return say.warning(what, `has no ${elsewhere}, which nodes gives to ${name}`, fix);
}

function silentFinding(status: Refused | Unknown, { conf, id }: CephMethod, isRoot: boolean): Finding {
  // The key of its user is most likely for root alone.
  if (!isRoot) return say.unknown('answers', status.reason, asRoot);
  const level = status.kind === 'unknown' ? say.unknown : say.failure;
  return level('answers', status.reason, `ceph --conf ${conf} --id ${id} status`);
}

function blocklistFinding(blocklist: Outcome<number>, method: CephMethod): Finding {
  const what = 'blocklist';
  if (blocklist.kind === 'done') return say.ok(what, `can be read, ${String(blocklist.value)} entries`);
  if (blocklist.kind === 'unknown') return say.unknown(what, blocklist.reason);
  return say.failure(what, blocklist.reason, grant(method));
}

function osdFinding(silent: Outcome<readonly string[]>, method: CephMethod): Finding {
  const what = 'OSDs';
  if (silent.kind === 'unknown') return say.unknown(what, silent.reason);
  if (silent.kind === 'refused') return say.failure(what, silent.reason, grant(method));
  if (silent.value.length === 0) return say.ok(what, 'each that is up says what it refuses');
  return say.failure(what, `${silent.value.join(', ')} did not say what they refuse`, grant(method));
}

type Caps = Outcome<Readonly<Record<string, string>>>;

/** A user with the rights of the documentation may not read its own: that is no fault, and nothing is tried out. */
function capsFinding(caps: Caps, method: CephMethod): Finding {
  const what = 'may add entries';
  const look = `ceph auth get client.${method.id}   # as an administrator of Ceph; it needs: mon '${wantedMon}'`;
  if (caps.kind !== 'done') return say.unknown(what, `its rights are hidden from it: ${caps.reason}`, look);
  const mon = caps.value['mon'] ?? '';
  const may = blocklistRights(mon);
  if (may.has('add') && may.has('rm')) return say.ok(what, 'and remove them');
  if (mon.includes('profile')) return say.unknown(what, `only Ceph knows what is in these rights: mon '${mon}'`, look);
  const lacks = may.has('add') ? 'remove its own entries' : 'add entries to the blocklist';
  return say.failure(what, `client.${method.id} may not ${lacks}`, grant(method));
}

/** `add`, `rm` or both. */
function blocklistRights(mon: string): ReadonlySet<string> {
  return new Set(
    mon.split(',').flatMap((clause) => {
      if (clause.trim() === 'allow *') return ['add', 'rm'];
      const [matched, operation] = /command "?osd blocklist"?(?: with blocklistop=(add|rm))?/.exec(clause) ?? [];
      return matched === undefined ? [] : operation === undefined ? ['add', 'rm'] : [operation];
    }),
  );
}

const confFix = ({ conf }: CephMethod): string =>
  `ssh a-monitor ceph config generate-minimal-conf > ${conf}`;

const grant = ({ id }: CephMethod): string => `ceph auth caps client.${id} mon '${wantedMon}' osd 'allow *'`;
