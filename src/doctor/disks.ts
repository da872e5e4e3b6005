// The disks that Consul knows: their interfaces, addresses and images, as far as they concern this host.
import { BlockList } from 'node:net';
import { hasRealAddresses } from '../config/config.ts';
import type { DiskSpec, PathSpec } from '../core/records.ts';
import type { ClusterView } from '../core/view.ts';
import type { Link } from '../ports/doctor.ts';
import { imageFindings } from './backstores.ts';
import { interfaceName, vlanOf } from '../ports/interface-name.ts';
import { familyOf, plainIp } from '../ports/ip.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('disks');

interface NamedPath extends PathSpec {
  /** `00001/1` */
  readonly name: string;
  /** The interface that carries its address, with its VLAN. */
  readonly carrier: string;
}

export async function diskFindings(setup: Setup): Promise<readonly Finding[]> {
  const { config, ports, view } = setup;
  if (view === null) return [say.unknown('disks', 'Consul did not say which there are')];
  const problems = view.problems.map(({ key, reason }) =>
    say.failure(key, reason, `consul kv get ${config.consul.prefix}${key}`),
  );
  const paths = pathsOf(view);
  if (paths.length === 0) return [...problems, say.ok('disks', 'none yet')];
  const shared = [...problems, ...twice(view, paths)];
  if (!hasRealAddresses(config)) return shared;
  const links = await ports.host.links();
  const reach =
    links.kind === 'done'
      ? interfaceFindings(paths, links.value)
      : [say.unknown('interfaces', links.reason, ports.host.isRoot ? '' : asRoot)];
  return [...shared, ...reach, ...(await imageFindings(setup, say))];
}

const pathsOf = ({ disks }: ClusterView): readonly NamedPath[] =>
  [...disks].flatMap(([disk, { value }]) =>
    value.paths.map((path) => ({
      ...path,
      name: `${disk}/${String(path.index)}`,
      carrier: interfaceName(path.interface, path.vlan),
    })),
  );

/** What must be unique in the cluster and is not. */
function twice({ disks }: ClusterView, paths: readonly NamedPath[]): readonly Finding[] {
  const specs = [...disks].map(([disk, { value }]) => ({ disk, spec: value }));
  const ofDisks = (what: keyof DiskSpec & ('iqn' | 'wwn')): readonly Finding[] =>
    repeated(specs.map(({ disk, spec }) => [spec[what], disk])).map(([value, names]) =>
      say.failure(what, `${value} belongs to ${names.join(' and ')}`, `pathwarden disk show ${names[1] ?? ''}`),
    );
  const ips = repeated(paths.map(({ ip, name }) => [plainIp(ip), name]));
  const ofPaths = ips.map(([ip, names]) =>
    say.failure('address', `${ip} belongs to ${names.join(' and ')}`, `pathwarden disk show ${diskOf(names[1])}`),
  );
  return [...ofPaths, ...ofDisks('iqn'), ...ofDisks('wwn')];
}

function repeated(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, readonly string[]])[] {
  const names = Map.groupBy(pairs, ([value]) => value);
  return [...names]
    .filter(([, each]) => each.length > 1)
    .map(([value, each]) => [value, each.map(([, name]) => name)] as const);
}

const diskOf = (path: string | undefined): string => path?.split('/')[0] ?? '';

/** One line for each interface that paths name. */
function interfaceFindings(paths: readonly NamedPath[], links: readonly Link[]): readonly Finding[] {
  const moving = new Set(paths.map(({ ip }) => plainIp(ip)));
  return [...Map.groupBy(paths, ({ carrier }) => carrier)].flatMap(([name, named]) => {
    const link = links.find((each) => each.name === name);
    const count = `${String(named.length)} ${named.length === 1 ? 'path' : 'paths'}`;
    const vlan = vlanOf(name);
    const parent = links.find((each) => each.name === vlan?.parent);
    if (link === undefined && parent?.isUp === true) {
      const found = `is made on ${parent.name} when it is needed, ${count}`;
      return elsewhere(named, name, links).concat(say.ok(name, found));
    }
    if (link === undefined) {
      const found = `is not here, needed by ${count}: ${some(named)}`;
      return [say.failure(name, found, 'ip -br link   # all gateways need the same names of interfaces')];
    }
    if (!link.isUp) return [say.failure(name, `is down, needed by ${count}`, `ip link set ${name} up`)];
    const subnet = subnetFinding(named, link, count, moving);
    // One that is made for paths has no address that stays.
    const isOnlyMoving = vlan !== null && link.addresses.every(({ ip }) => moving.has(plainIp(ip)) || isLinkLocal(ip));
    return elsewhere(named, name, links).concat(isOnlyMoving ? say.ok(name, `is up, ${count}`) : subnet);
  });
}

const isLinkLocal = (ip: string): boolean => ip.startsWith('fe80:');

/** Paths come and go: only addresses that stay say which subnets an interface is in. */
function subnetFinding(
  named: readonly NamedPath[],
  { name, addresses }: Link,
  count: string,
  moving: ReadonlySet<string>,
): Finding {
  const own = addresses.filter(({ ip }) => !moving.has(plainIp(ip)));
  const subnets = new BlockList();
  for (const { ip, prefix } of own) subnets.addSubnet(ip, prefix, familyOf(ip));
  const outside = named.filter(({ ip }) => !subnets.check(ip, familyOf(ip)));
  const [first] = outside;
  if (first === undefined) return say.ok(name, `is up, ${count}`);
  const found = `has no address of its own in the subnet of ${some(outside)} (${first.ip}/${String(first.prefix)})`;
  return say.warning(name, found, `ip -br addr show dev ${name}   # is it the right network?`);
}

/** An address that this host has otherwise cannot be taken. */
function elsewhere(named: readonly NamedPath[], name: string, links: readonly Link[]): readonly Finding[] {
  const here = links.flatMap((link) => link.addresses.map((address) => ({ ...address, link: link.name })));
  return named.flatMap((path) => {
    const same = here.filter(({ ip }) => plainIp(ip) === plainIp(path.ip));
    const other = same.find(({ prefix, link }) => link !== name || prefix !== path.prefix);
    if (other === undefined) return [];
    const there = `${other.ip}/${String(other.prefix)}`;
    const found = `${there} is on ${other.link}; path ${path.name} wants ${path.ip}/${String(path.prefix)} on ${name}`;
    return [say.failure('address', found, `ip addr del ${there} dev ${other.link}`)];
  });
}

const shownMost = 3;
function some(paths: readonly NamedPath[]): string {
  const names = paths.slice(0, shownMost).map(({ name }) => name).join(', ');
  return paths.length > shownMost ? `${names}, …` : names;
}
