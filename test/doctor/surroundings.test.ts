import { describe, expect, it } from 'vitest';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import { disk, doctorOn, links, node, rightAgent, rightHost } from './given.ts';

const forbidden = refused("consul refuses the token: Permission denied", 'forbidden');

describe('of Consul', () => {
  it('an agent that does not answer is one failure, and nothing that hangs on it is called wrong', async () => {
    const gone = async () => unknown('consul: ECONNREFUSED');
    const said = await doctorOn({ consul: { agent: gone, keys: gone } });
    const agent = said.of('consul', 'agent');
    expect(agent).toMatch(/^failure: http:\/\/127\.0\.0\.1:8500: ECONNREFUSED → systemctl start consul/);
    expect(said.all.filter(({ area, level }) => area === 'consul' && level !== 'ok')).toHaveLength(1);
    expect(said.of('disks', 'disks')).toMatch(/^unknown: /);
  });

  it('a token that only root can read is unknown to others', async () => {
    const said = await doctorOn({ consul: unknown('/etc/token can be read by its owner only') });
    expect(said.of('consul', 'agent')).toMatch(/^unknown: .*owner only → sudo pathwarden doctor$/);
  });

  it('of its files, the fix names the one that cannot be read, or all when nobody knows which', async () => {
    const files = 'tokenFile: /etc/token, caFile: /etc/ca.pem, certFile: /etc/c.pem, keyFile: /etc/c.key }';
    const config = `consul: { url: "https://127.0.0.1:8501", ${files}`;
    const fixOf = async (reason: string) =>
      (await doctorOn({ config, consul: refused(reason) })).of('consul', 'agent').split(' → ')[1];
    expect(await fixOf('/etc/ca.pem cannot be read (ENOENT)')).toMatch(/^consul: \{ caFile: \/etc\/ca\.pem \} /);
    expect(await fixOf('the files with certificate and key cannot be used')).toContain(`consul: { ${files}`);
  });

  it('the keys are read once, for every line that needs them', async () => {
    let reads = 0;
    const keys = async () => {
      reads += 1;
      return reads === 1 ? done({ index: 7, entries: [] }) : unknown('asked again');
    };
    const said = await doctorOn({ consul: { keys } });
    expect(said.of('consul', 'reads keys')).toMatch(/^ok: /);
    expect(reads).toBe(1);
  });

  it('an agent whose certificate cannot be checked is no agent that is down', async () => {
    const reason = 'consul: the connection failed: UNABLE_TO_VERIFY_LEAF_SIGNATURE';
    const said = await doctorOn({ consul: { agent: async () => unknown(reason) } });
    expect(said.of('consul', 'agent')).toMatch(/^failure: .* → consul: \{ caFile: /);
  });

  it('each right that the token lacks comes with the rule that gives it', async () => {
    const said = await doctorOn({
      config: 'consul: { prefix: gateways/ }',
      consul: { mayWriteKeys: async () => forbidden, mayUseSessions: async () => forbidden },
    });
    const writes = said.of('consul', 'writes keys');
    expect(writes).toMatch(/^failure: .*denied → key_prefix "gateways\/" \{ policy = "write" \}/);
    expect(said.of('consul', 'makes sessions')).toMatch(/ → session_prefix "" \{ policy = "write" \}/);
    expect(said.of('consul', 'reads keys')).toBe('ok: below gateways/');
  });

  it('an agent that may not be read says how it may', async () => {
    const said = await doctorOn({ consul: { agent: async () => forbidden } });
    expect(said.of('consul', 'agent')).toMatch(/^failure: .* → agent_prefix "" \{ policy = "read" \}/);
    expect(said.of('consul', 'writes keys')).toMatch(/^ok: /);
  });

  it('a right that could not be tried is unknown', async () => {
    const said = await doctorOn({ consul: { mayWriteKeys: async () => unknown('consul knows no leader') } });
    expect(said.of('consul', 'writes keys')).toBe('unknown: consul knows no leader');
  });

  it('no leader is a failure', async () => {
    const said = await doctorOn({ consul: { leader: async () => done(null) } });
    expect(said.of('consul', 'leader')).toMatch(/^failure: /);
  });

  it('a TTL that Consul does not take is a failure with one that it takes', async () => {
    const said = await doctorOn({ consul: { mayUseSessions: async () => done({ leastTtlMs: 30_000 }) } });
    expect(said.of('consul', 'makes sessions')).toMatch(/^failure: .*30000.* → session: \{ ttlMs: 30000 \}$/);
  });

  it('a raft_multiplier of 5 is a warning with the time that it costs; a client agent does not know it', async () => {
    const slow = await doctorOn({ consul: { agent: async () => done({ ...rightAgent, electionTimeoutMs: 5000 }) } });
    const warning = /^warning: 5: .*20 s.*15 s → performance \{ raft_multiplier = 1 \}/;
    expect(slow.of('consul', 'raft_multiplier')).toMatch(warning);
    const client = await doctorOn({ consul: { agent: async () => done({ ...rightAgent, isServer: false }) } });
    expect(client.of('consul', 'raft_multiplier')).toMatch(/^unknown: /);
  });

  it('a clock that is elsewhere is a warning', async () => {
    const said = await doctorOn({ consul: { agent: async () => done({ ...rightAgent, clockAheadMs: -61_000 }) } });
    expect(said.of('consul', 'its clock')).toMatch(/^warning: 61 s behind this host → /);
  });
});

describe('of disks', () => {
  it('paths on an interface that is up, in its subnet, are right', async () => {
    const said = await doctorOn({ keys: { 'disks/00001': disk('00001'), 'disks/00002': disk('00002') } });
    expect(said.of('disks', 'eth1')).toBe('ok: is up, 2 paths');
    expect(said.of('disks', 'images')).toBe('ok: 2 of kind file, all here');
    expect(said.notRight).toEqual([]);
  });

  const on = (name: string, ip = '10.0.1.101') =>
    disk('00001', { paths: [{ index: 1, ip, prefix: 24, interface: name }] });

  it('an interface that is not here, or is down, is a failure', async () => {
    const missing = await doctorOn({ keys: { 'disks/00001': on('eth9') } });
    expect(missing.of('disks', 'eth9')).toMatch(/^failure: is not here, needed by 1 path: 00001\/1 → /);
    const down = await doctorOn({ keys: { 'disks/00001': on('eth2') } });
    expect(down.of('disks', 'eth2')).toBe('failure: is down, needed by 1 path → ip link set eth2 up');
  });

  it('an IP in no subnet of its interface is a warning; served paths do not count as its own', async () => {
    const served = links.map((link) =>
      link.name === 'eth1' ? { ...link, addresses: [...link.addresses, { ip: '10.7.0.101', prefix: 24 }] } : link,
    );
    const said = await doctorOn({
      host: { links: async () => done(served) },
      keys: { 'disks/00001': on('eth1', '10.7.0.101') },
    });
    expect(said.of('disks', 'eth1')).toMatch(/^warning: .*00001\/1 \(10\.7\.0\.101\/24\) → ip -br addr show dev eth1/);
  });

  it('an IP of two paths, an iqn of two disks and a wwn of two disks are failures', async () => {
    const twin = disk('00002', { ...disk('00001'), backstore: { kind: 'file', path: '/srv/images/00002.img' } });
    const said = await doctorOn({ keys: { 'disks/00001': disk('00001'), 'disks/00002': twin } });
    expect(said.of('disks', 'address')).toMatch(/^failure: 10\.0\.1\.101 belongs to 00001\/1 and 00002\/1 → /);
    expect(said.of('disks', 'iqn')).toMatch(/belongs to 00001 and 00002 → pathwarden disk show 00002$/);
    expect(said.of('disks', 'wwn')).toMatch(/^failure: /);
  });

  it('an IP that this host has on another interface is a failure', async () => {
    const there = [...links, { name: 'dummy0', isUp: true, addresses: [{ ip: '10.0.1.101', prefix: 32 }] }];
    const said = await doctorOn({ host: { links: async () => done(there) }, keys: { 'disks/00001': on('eth1') } });
    expect(said.of('disks', 'address')).toMatch(/^failure: .* → ip addr del 10\.0\.1\.101\/32 dev dummy0$/);
  });

  it('an image that is not here is a failure', async () => {
    const file = async (path: string) => (path.startsWith('/srv/') ? done(null) : rightHost.file(path));
    const said = await doctorOn({ host: { file }, keys: { 'disks/00001': disk('00001') } });
    expect(said.of('disks', 'image of 00001')).toMatch(/^failure: \/srv\/images\/00001\.img is not here/);
  });

  it('a key that cannot be understood is a failure', async () => {
    const said = await doctorOn({ keys: { 'disks/00001': { nonsense: true } } });
    expect(said.of('disks', 'disks/00001')).toMatch(/ → consul kv get pathwarden\/disks\/00001$/);
  });

  const tagged = disk('00001', { paths: [{ index: 1, ip: '10.7.0.101', prefix: 24, interface: 'eth1', vlan: 7 }] });

  it('an interface of a VLAN need not be here: what it is made on, and the kernel with it, must', async () => {
    const said = await doctorOn({ keys: { 'disks/00001': tagged } });
    expect(said.of('disks', 'eth1.7')).toBe('ok: is made on eth1 when it is needed, 1 path');
    expect(said.of('network', '8021q')).toBe('ok: loaded');
    expect(said.notRight).toEqual([]);
    const down = await doctorOn({ keys: { 'disks/00001': on('eth2.7') } });
    expect(down.of('disks', 'eth2.7')).toMatch(/^failure: is not here, needed by 1 path: 00001\/1 → /);
    const kernelModule = async (name: string) => done(name === '8021q' ? null : ('loaded' as const));
    const without = await doctorOn({ host: { kernelModule }, keys: { 'disks/00001': tagged } });
    expect(without.of('network', '8021q')).toMatch(/^failure: this kernel has no such module/);
    expect((await doctorOn({ keys: { 'disks/00001': disk('00001') } })).of('network', '8021q')).toBe('nothing');
  });

  it('without socat paths move all the same, and that is a warning', async () => {
    const program = async (name: string) => (name === 'socat' ? done(null) : rightHost.program(name));
    const said = await doctorOn({ host: { program } });
    expect(said.of('network', 'socat')).toMatch(/^warning: is not installed: .* → apt-get install socat$/);
  });

  it('an interface of a VLAN that serves needs no other address', async () => {
    const own = { name: 'eth1.7', isUp: true, addresses: [
      { ip: '10.7.0.101', prefix: 24 }, { ip: 'fe80::1', prefix: 64 },
    ] };
    const served = await doctorOn({
      host: { links: async () => done([...links, own]) }, keys: { 'disks/00001': tagged },
    });
    expect(served.of('disks', 'eth1.7')).toBe('ok: is up, 1 path');
    expect(served.notRight).toEqual([]);
  });

  it.each([
    ['ndisc6', 'ndisc6'], ['ndptool', 'libndp-tools'],
  ])('%s is needed by IPv6 addresses, and by no others', async (needed, debianPackage) => {
    const program = async (name: string) => (name === needed ? done(null) : rightHost.program(name));
    const six = disk('00001', { paths: [{ index: 1, ip: 'fd00::101', prefix: 64, interface: 'eth1' }] });
    const asked = async (spec: object) =>
      (await doctorOn({ host: { program }, keys: { 'disks/00001': spec } })).of('network', needed);
    expect(await asked(six)).toBe(`failure: is not installed → apt-get install ${debianPackage}`);
    expect(await asked(disk('00001'))).toBe('nothing');
  });
});

describe('of the peers', () => {
  const config = 'peers: { listen: "10.0.1.1:7481", keyFile: /etc/pathwarden/peers.key }';
  const keys = { 'nodes/gw1': node('gw1', '10.0.1.1:7481'), 'nodes/gw2': node('gw2', '10.0.1.2:7481') };

  it('those that answer are right, and this node is not asked', async () => {
    const said = await doctorOn({ config, keys });
    expect(said.of('peers', 'address')).toBe('ok: 10.0.1.1:7481 on eth1');
    expect(said.of('peers', 'gw2')).toBe('ok: 10.0.1.2:7481 answers with our key');
    expect(said.of('peers', 'gw1')).toBe('nothing');
  });

  it('silence is unknown; an address that is not here is a failure', async () => {
    const silent = await doctorOn({ config, keys, knock: async () => unknown('no answer within 1000 ms') });
    expect(silent.of('peers', 'gw2')).toMatch(/^unknown: no answer/);
    const moved = await doctorOn({ config: config.replace('10.0.1.1', '10.0.9.9') });
    expect(moved.of('peers', 'address')).toMatch(/^failure: this host does not have 10\.0\.9\.9 → /);
  });

  it('a key that the daemon would refuse is a failure, one that only root can read is unknown', async () => {
    const short = await doctorOn({ config, keys, peers: refused('The key file does not hold 32 bytes.') });
    expect(short.of('peers', 'key')).toMatch(/^failure: .*32 bytes.* → \(umask 077 && openssl rand -hex 32 > /);
    expect(short.of('peers', 'gw2')).toBe('nothing');
    const hidden = await doctorOn({ config, keys, peers: unknown('The key file cannot be read.') });
    expect(hidden.of('peers', 'key')).toMatch(/^unknown: .* → sudo pathwarden doctor$/);
  });

  it('one that has them off is a warning', async () => {
    const said = await doctorOn({ config, keys: { 'nodes/gw3': node('gw3') } });
    expect(said.of('peers', 'gw3')).toMatch(/^warning: has peers off/);
  });
});
