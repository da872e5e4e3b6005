// Somebody changes the data plane of a serving node by hand, or leaves things on it that are ours or are not.
import { describe, expect, it } from 'vitest';
import { memoryJournal } from '../../adapters/journal/memory.ts';
import { askedBy, fewNodes, foreign, plantForeign } from './adoption.ts';
import type { Cluster } from './cluster.ts';

const path = 'd1/1';
const ip = '10.0.1.1';
const portal = `${ip} 3260`;
const iqn = 'iqn.2026-01.net.example:d1';

/** The node that serves the path, with what is on its host, and nothing asked so far. */
async function serving(): Promise<{ cluster: Cluster; name: string; host: ReturnType<Cluster['network']['host']> }> {
  const cluster = await fewNodes();
  const [name = ''] = cluster.servers(path);
  cluster.node(name).records.length = 0;
  return { cluster, name, host: cluster.network.host(name) };
}

/** As the log and `explain` say it. */
const reasonsOf = (cluster: Cluster, name: string, type: string): string[] =>
  cluster.node(name).records.filter(({ event }) => event.type === type)
    .map(({ event }) => (event as unknown as { reason: string }).reason);

describe('a portal that was closed or an IP that was removed by hand', () => {
  it.each([
    ['its portal', (host: { portals: Map<string, unknown> }) => host.portals.delete(portal)],
    [`the IP ${ip}`, (host: { addresses: Map<string, unknown> }) => host.addresses.delete(ip)],
  ])('%s: the path is given up in order and served again', async (what, change) => {
    const { cluster, name, host } = await serving();
    change(host);
    await cluster.until(() => cluster.servers(path).length === 1, 10_000);
    expect(reasonsOf(cluster, name, 'dataplane.missing')).toEqual([`${what} is gone from the node`]);
    expect(askedBy(cluster.node(name))).toContain('lock.release');
    expect((await cluster.view()).locks.get(path)?.pendingExclusion).toBeNull();
  });

  it('an IP that somebody put on another interface is not ours: it is left there', async () => {
    const { cluster, name, host } = await serving();
    const moved = { ip, prefix: 24, interface: 'eth9' };
    host.addresses.set(ip, moved);
    await cluster.until(() => reasonsOf(cluster, name, 'dataplane.missing').length > 0, 5_000);
    await cluster.pass(5_000);
    expect(host.addresses.get(ip)).toEqual(moved);
    expect(host.portals.has(portal)).toBe(false);
  });
});

describe('a target that was changed by hand', () => {
  it('is made again when it is gone, and its path goes on', async () => {
    const { cluster, name, host } = await serving();
    const before = host.targets.get(iqn);
    host.targets.delete(iqn);
    await cluster.until(() => host.targets.has(iqn), 3_000);
    await cluster.pass(100);
    expect(host.targets.get(iqn)).toEqual(before);
    expect(reasonsOf(cluster, name, 'target.changed')).toEqual([`the target ${iqn} is gone from the node`]);
    expect(askedBy(cluster.node(name))).not.toContain('lock.release');
    expect(askedBy(cluster.node(name))).toContain('portal.open');
  });

  it('gets its access rules back', async () => {
    const { cluster, name, host } = await serving();
    const before = host.targets.get(iqn);
    if (before === undefined) throw new Error('no target');
    host.targets.set(iqn, { ...before, access: { initiators: ['iqn.2020-01.com.example:stranger'] } });
    await cluster.until(() => host.targets.get(iqn)?.access.initiators.length === 0, 3_000);
    expect(reasonsOf(cluster, name, 'target.changed')).toEqual([`the access rules of ${iqn} were changed`]);
    expect(cluster.servers(path)).toEqual([name]);
  });

  it('that cannot be put right makes its paths go to another node', async () => {
    const { cluster, name, host } = await serving();
    cluster.node(name).faults.always('target.ensureDefined', { kind: 'refuse', reason: 'no such image' });
    host.targets.delete(iqn);
    await cluster.until(() => cluster.servers(path).length === 1 && !cluster.servers(path).includes(name), 20_000);
    expect(reasonsOf(cluster, name, 'disk.lost')).toEqual(['no such image']);
    expect((await cluster.view()).locks.get(path)?.pendingExclusion).toBeNull();
  });
});

describe('what is left on a node that has no right to it', () => {
  /** Put there as a crashed daemon of ours would leave it, on the node that does not serve the path. */
  async function leftover() {
    const { cluster, name } = await serving();
    const other = name === 'n1' ? 'n2' : 'n1';
    const host = cluster.network.host(other);
    const spec = cluster.network.host(name).targets.get(iqn);
    if (spec === undefined) throw new Error('no target');
    // Linked to nobody, so that it is not service of one path by two.
    host.linkUp = false;
    return { cluster, other, host, spec };
  }

  it('is torn down when Consul says whose the path is, whatever the journal knows', async () => {
    const { cluster, other, host } = await leftover();
    await cluster.kill(other, 'daemon');
    host.addresses.set(ip, { ip, prefix: 24, interface: 'eth1' });
    host.portals.set(portal, iqn);
    await cluster.start(other, memoryJournal());
    await cluster.until(() => !host.addresses.has(ip) && !host.portals.has(portal), 5_000);
    expect(reasonsOf(cluster, other, 'dataplane.leftover')[0]).toContain(ip);
  });

  it('stays while the node cannot be read: unknown is not absent, and not proven', async () => {
    const { cluster, other, host } = await leftover();
    cluster.node(other).faults.always('address.observe', { kind: 'unknown', reason: 'no answer' });
    host.addresses.set(ip, { ip, prefix: 24, interface: 'eth1' });
    host.portals.set(portal, iqn);
    await cluster.pass(5_000);
    expect(host.portals.has(portal)).toBe(true);
    expect(askedBy(cluster.node(other))).not.toContain('portal.close');
  });

  it('stays while Consul cannot be read after a start', async () => {
    const { cluster, other, host } = await leftover();
    await cluster.kill(other, 'daemon');
    host.addresses.set(ip, { ip, prefix: 24, interface: 'eth1' });
    host.portals.set(portal, iqn);
    const node = await cluster.start(other, memoryJournal(), true);
    await cluster.pass(6_000);
    expect(host.portals.has(portal)).toBe(true);
    node.cutOff = false;
    await cluster.until(() => !host.portals.has(portal), 10_000);
  });

  it('a target of a disk of ours goes when no path here needs it, and one that only has its name stays', async () => {
    const { cluster, other, host, spec } = await leftover();
    await cluster.until(() => cluster.stateOf(other, 'disk/d1') === 'ready', 1_000).catch(() => 0);
    const stranger = { ...spec, iqn: 'iqn.2026-01.net.example:d9', wwn: '600000000000abcd' };
    host.targets.set(stranger.iqn, stranger);
    await cluster.put('disks/d9', JSON.stringify({
      desired: 'stopped', iqn: stranger.iqn, wwn: '600000000000aaaa', backstore: { kind: 'memory' },
      access: { initiators: [] }, paths: [{ index: 1, ip: '10.0.9.1', prefix: 24, interface: 'eth1' }],
    }));
    const own = { ...spec, disk: 'd8', iqn: 'iqn.2026-01.net.example:d8', wwn: '600000000000bbbb' };
    host.targets.set(own.iqn, own);
    await cluster.put('disks/d8', JSON.stringify({
      desired: 'stopped', iqn: own.iqn, wwn: own.wwn, backstore: { kind: 'memory' },
      access: { initiators: [] }, paths: [{ index: 1, ip: '10.0.8.1', prefix: 24, interface: 'eth1' }],
    }));
    await cluster.until(() => !host.targets.has(own.iqn), 5_000);
    await cluster.pass(3_000);
    expect(host.targets.get(stranger.iqn)).toEqual(stranger);
  });
});

it('an unrelated address, target and portal live through takes, moves, a lost session and restarts', async () => {
  const cluster = await fewNodes();
  plantForeign(cluster, 'n1');
  await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
  await cluster.until(() => cluster.pathsOf('n1').length === 4, 10_000);
  cluster.endSession(cluster.sessionOf('n1'));
  await cluster.until(() => cluster.pathsOf('n1').length < 4, 10_000);
  await cluster.until(() => cluster.allServed(), 30_000);
  await cluster.restart('n1');
  await cluster.pass(3_000);
  await cluster.kill('n1', 'daemon');
  await cluster.start('n1', memoryJournal(), false, { instance: 'a new one' });
  await cluster.pass(5_000);
  expect(foreign(cluster, 'n1')).toEqual(foreign.planted);
  expect(cluster.allServed()).toBe(true);
});

describe('an address whose packets are held back for no path', () => {
  it.each(['10.0.9.9', ip])('%s is let through again', async (blocked) => {
    const { cluster, name, host } = await serving();
    host.blocked.set(blocked, 'nothing');
    await cluster.until(() => !host.blocked.has(blocked), 30_000);
    await cluster.until(() => cluster.servers(path).length === 1, 1_000);
    expect(askedBy(cluster.node(name)).filter((asked) => asked.startsWith('traffic.'))).toEqual([]);
  });
});

describe('an address whose packets are held back for a path that is being given up', () => {
  it('stays so for as long as that lasts', async () => {
    const { cluster, name, host } = await serving();
    cluster.node(name).faults.always('target.ensureClosed', { kind: 'unknown', reason: 'no answer' });
    cluster.giveUp(name, 'd1/1');
    await cluster.until(() => host.blocked.has(ip), 5_000);
    await cluster.pass(40_000);
    expect(host.blocked.has(ip)).toBe(true);
  });
});
