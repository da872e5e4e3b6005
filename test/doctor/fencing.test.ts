import { describe, expect, it } from 'vitest';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import { doctorOn, rightHost } from './given.ts';

describe('of fencing', () => {
  const methods = (text: string) => `exclusion: { methods: [${text}] }`;
  const agent = methods('{ method: fenceAgent, agent: fence_ipmilan, parameters: { ip: "{node}-ipmi" } }');

  it('an agent that is missing comes with its package; one that cannot run says why', async () => {
    const missing = await doctorOn({ config: agent, host: { program: async () => done(null) } });
    expect(missing.of('fencing', 'fence_ipmilan')).toBe('failure: is not installed → apt-get install fence-agents');
    const broken = await doctorOn({ config: agent, host: { fenceAgent: async () => refused('ModuleNotFoundError') } });
    expect(broken.of('fencing', 'fence_ipmilan')).toMatch(/^failure: ModuleNotFoundError → /);
  });

  it('a command is looked for and never run', async () => {
    const config = methods('{ method: command, argv: [/usr/local/sbin/fence-node, "{node}"] }');
    expect((await doctorOn({ config })).of('fencing', 'command')).toMatch(/^ok: .*it was not run$/);
    const cannot = await doctorOn({ config, host: { program: async () => done(null) } });
    expect(cannot.of('fencing', 'command')).toMatch(/cannot be run → chmod 755 \/usr\/local\/sbin\/fence-node$/);
  });

  it('of a command that cannot be seen nothing is said, and whether it can be run is for root to see', async () => {
    const config = methods('{ method: command, argv: [/usr/local/sbin/fence-node, "{node}"] }');
    const program = async () => done(null);
    const hidden = await doctorOn({ config, host: { program, file: async () => unknown('EACCES') } });
    expect(hidden.of('fencing', 'command')).toBe('unknown: /usr/local/sbin/fence-node: EACCES');
    const others = await doctorOn({ config, host: { isRoot: false, program } });
    expect(others.of('fencing', 'command')).toMatch(/^unknown: .* → sudo pathwarden doctor$/);
    const missing = await doctorOn({ config, host: { isRoot: false, program, file: async () => done(null) } });
    expect(missing.of('fencing', 'command')).toMatch(/^failure: .* is not there → install /);
  });

  const ceph = methods('{ method: ceph, nodes: { gw1: [10.0.1.1] } }');

  it('a Ceph that gives its user every right is right', async () => {
    expect((await doctorOn({ config: ceph })).notRight).toEqual([]);
  });

  it.each([
    ['15.2.17', 'failure'], ['16.2.15', 'ok'], [null, 'unknown'],
  ])('a program of Ceph whose version is %s is %s', async (version, level) => {
    const program = async () => done({ path: '/usr/bin/ceph', version });
    const said = await doctorOn({ config: ceph, host: { program } });
    expect(said.of('ceph', 'ceph')).toMatch(new RegExp(`^${level}: `));
    expect(said.of('ceph', 'answers')).toMatch(/^ok: /);
  });

  it('a Ceph that refuses its user, and one that does not answer, are told apart', async () => {
    const no = await doctorOn({ config: ceph, ceph: { status: async () => refused('RADOS permission denied') } });
    const refusal = /^failure: RADOS permission denied → ceph --conf .* --id pathwarden status$/;
    expect(no.of('ceph', 'answers')).toMatch(refusal);
    const silent = await doctorOn({ config: ceph, ceph: { status: async () => unknown('no answer') } });
    expect(silent.of('ceph', 'answers')).toMatch(/^unknown: /);
  });

  it('what only root can ask is unknown to others; a configuration that is missing is a failure to all', async () => {
    const status = async () => refused('RADOS permission denied');
    const other = await doctorOn({ config: ceph, host: { isRoot: false }, ceph: { status } });
    expect(other.of('ceph', 'answers')).toBe('unknown: RADOS permission denied → sudo pathwarden doctor');
    const file = async (path: string) => (path.endsWith('/ceph.conf') ? done(null) : rightHost.file(path));
    const without = await doctorOn({ config: ceph, host: { isRoot: false, file } });
    expect(without.of('ceph', 'conf')).toMatch(/^failure: \/etc\/ceph\/ceph\.conf is not there → /);
  });

  it.each([
    ['allow r', 'failure'],
    ['allow r, allow command "osd blocklist" with blocklistop=add', 'failure'],
    ['allow r, allow command "osd blocklist" with blocklistop=rm', 'failure'],
    ['allow r, allow command "osd blocklist"', 'ok'],
    ['allow command "osd blocklist" with blocklistop=add, allow command "osd blocklist" with blocklistop=rm', 'ok'],
    ['allow *', 'ok'],
    ['profile rbd', 'unknown'],
    ['profile rbd, allow command "osd blocklist"', 'ok'],
  ])('the rights %s are %s', async (mon, level) => {
    const said = await doctorOn({ config: ceph, ceph: { caps: async () => done({ mon }) } });
    expect(said.of('ceph', 'may add entries')).toMatch(new RegExp(`^${level}: `));
  });

  it('rights that are hidden from the user are unknown, and an administrator can look', async () => {
    const said = await doctorOn({ config: ceph, ceph: { caps: async () => refused('EACCES') } });
    expect(said.of('ceph', 'may add entries')).toMatch(/^unknown: .*EACCES → ceph auth get client\.pathwarden/);
  });

  it('OSDs that do not say what they refuse are named', async () => {
    const said = await doctorOn({ config: ceph, ceph: { silentOsds: async () => done(['osd.3']) } });
    expect(said.of('ceph', 'OSDs')).toMatch(/^failure: osd\.3 did not say .* → ceph auth caps client\.pathwarden/);
  });

  it('a node that nobody could refuse is a warning', async () => {
    const said = await doctorOn({ config: methods('{ method: ceph, nodes: { gw2: [10.0.2.2] } }') });
    expect(said.of('ceph', 'this node')).toMatch(/^warning: gw1 is not in nodes/);
  });

  it('a list of addresses that is wrong about this host is told', async () => {
    const nodes = async (text: string) =>
      (await doctorOn({ config: methods(`{ method: ceph, nodes: ${text} }`) })).of('ceph', 'this node');
    expect(await nodes('{ gw1: [10.0.1.1], gw2: [10.0.1.2] }')).toBe('ok: gw1 is 10.0.1.1');
    expect(await nodes('{ gw1: [10.0.1.2], gw2: [10.0.1.3] }')).toMatch(/^warning: has no 10\.0\.1\.2/);
    expect(await nodes('{ gw1: [10.0.1.2], gw2: [10.0.1.1] }')).toMatch(/^failure: has 10\.0\.1\.1.*gw2/);
  });
});
