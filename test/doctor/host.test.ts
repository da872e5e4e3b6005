import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { HostPort } from '../../src/ports/doctor.ts';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import { disk, doctorOn, privateFile, rightHost } from './given.ts';

describe('on a host where everything is right', () => {
  it('every line says so, in the order of a start', async () => {
    const said = await doctorOn();
    expect(said.notRight).toEqual([]);
    expect(said.areas).toEqual(['pathwarden', 'secrets', 'clock', 'consul', 'target', 'network', 'disks']);
  });

  it('only what the configuration needs is looked at', async () => {
    const said = await doctorOn({ config: 'dataPlane: { kind: memory }' });
    expect(said.areas).toEqual(['pathwarden', 'secrets', 'clock', 'consul', 'disks']);
  });

  it('a fix stands beside every line that is not right', async () => {
    const nothing = { program: async () => done(null), file: async () => done(null), freeBytes: async () => done(1) };
    const said = await doctorOn({ host: nothing, config: 'consul: { tokenFile: /etc/pathwarden/token }' });
    expect(said.notRight.length).toBeGreaterThan(5);
    expect(said.notRight.filter(({ fix }) => fix === '')).toEqual([]);
  });
});

describe('of pathwarden itself', () => {
  it.each([
    ['v24.12.0', 'ok'], ['v26.0.0', 'ok'], ['v24.11.1', 'failure'], ['v20.19.0', 'failure'],
  ])('Node.js %s is %s', async (version, level) => {
    const said = await doctorOn({ host: { node: { path: '/usr/bin/node', version } } });
    expect(said.of('pathwarden', 'Node.js')).toMatch(new RegExp(`^${level}: `));
  });

  it('the least Node.js is that of the package', async () => {
    const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as { engines: { node: string } };
    const version = `v${engines.node.replace('>=', '')}.0`;
    const said = await doctorOn({ host: { node: { path: '/usr/bin/node', version } } });
    expect(said.of('pathwarden', 'Node.js')).toMatch(/^ok: /);
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    const older = { path: '/usr/bin/node', version: `v${String(major)}.${String(minor - 1)}.9` };
    expect((await doctorOn({ host: { node: older } })).of('pathwarden', 'Node.js')).toMatch(/^failure: /);
  });

  it('a state directory that cannot be written is a failure to root, and unknown to others', async () => {
    const folder = { ...privateFile, kind: 'directory', mode: 0o700, isWritable: false, isMine: false } as const;
    const host = { file: async () => done(folder) };
    const toRoot = await doctorOn({ host });
    expect(toRoot.of('pathwarden', 'state directory')).toMatch(/^failure: .* cannot be written → chmod u\+rwx /);
    const toOthers = await doctorOn({ host: { ...host, isRoot: false } });
    expect(toOthers.of('pathwarden', 'state directory')).toMatch(/^unknown: .* → sudo pathwarden doctor$/);
  });

  it('a state directory that is not there yet is made by the daemon', async () => {
    const said = await doctorOn({ host: { file: async () => done(null) } });
    expect(said.of('pathwarden', 'state directory')).toBe('ok: /var/lib/pathwarden is made at the first start');
  });

  it.each([[600e6, 'ok'], [300e6, 'warning'], [20e6, 'failure']])('%d bytes of room are %s', async (bytes, level) => {
    const said = await doctorOn({ host: { freeBytes: async () => done(bytes) } });
    expect(said.of('pathwarden', 'room for the journal')).toMatch(new RegExp(`^${level}: `));
  });
});

describe('of secrets', () => {
  const config = 'consul: { tokenFile: /etc/pathwarden/token }';
  const withMode = async (mode: number) => {
    const said = await doctorOn({ config, host: { file: async () => done({ ...privateFile, mode }) } });
    return said.of('secrets', 'Consul token');
  };

  it('what everybody can read is a failure, what a group can read is a warning', async () => {
    expect(await withMode(0o600)).toBe('ok: /etc/pathwarden/token');
    expect(await withMode(0o640)).toMatch(/^warning: .* its group → chmod 600 \/etc\/pathwarden\/token$/);
    expect(await withMode(0o644)).toMatch(/^failure: .* everybody on this host → chmod 600 /);
  });

  it('a group that can read the key of the peers is a failure, because the daemon refuses it', async () => {
    const peers = 'peers: { listen: "10.0.1.1:7481", keyFile: /etc/pathwarden/peers.key }';
    const host = { file: async () => done({ ...privateFile, mode: 0o640 }) };
    const said = await doctorOn({ config: peers, host });
    expect(said.of('secrets', 'key of the peers')).toContain('failure: ');
  });

  it('CHAP secrets of many disks are one line while they are right', async () => {
    const chap = (name: string) => ({ initiators: [], chap: { user: 'alice', secretFile: `/etc/pathwarden/${name}` } });
    const mutual = (name: string, ofTarget: string) => {
      const rules = chap(name);
      return { ...rules, chap: { ...rules.chap, mutual: chap(ofTarget).chap } };
    };
    const keys = {
      'disks/00001': disk('00001', { access: mutual('one', 'three') }),
      'disks/00002': disk('00002', { access: chap('two') }),
    };
    expect((await doctorOn({ keys })).of('secrets', 'CHAP')).toBe('ok: 3 files, for their owner only');
    const file = async (path: string) => (path.endsWith('/two') ? done(null) : rightHost.file(path));
    const without = await doctorOn({ keys, host: { file } });
    expect(without.of('secrets', 'CHAP')).toBe('nothing');
    expect(without.of('secrets', 'CHAP of 00002')).toMatch(/^failure: \/etc\/pathwarden\/two is not there → /);
  });

  it('a folder that may not be looked into is unknown, not missing', async () => {
    const host = { isRoot: false, file: async () => unknown('it cannot be looked at (EACCES)') };
    const said = await doctorOn({ config, host });
    expect(said.of('secrets', 'Consul token')).toMatch(/^unknown: .*EACCES.* → sudo pathwarden doctor$/);
  });
});

describe('of clocks', () => {
  it('one that nobody corrects is a warning, and one that nobody knows of is unknown', async () => {
    const wrong = await doctorOn({ host: { clockSynchronised: async () => done({ is: false, by: 'chronyc' }) } });
    expect(wrong.of('clock', 'synchronised')).toMatch(/^warning: no, says chronyc/);
    const silent = await doctorOn({ host: { clockSynchronised: async () => unknown('nobody says so') } });
    expect(silent.of('clock', 'synchronised')).toMatch(/^unknown: /);
  });

  it('a monotonic clock that stands still is a failure', async () => {
    const said = await doctorOn({ host: { clocksPassed: async () => ({ monotonicMs: 0, wallMs: 200 }) } });
    expect(said.of('clock', 'monotonic')).toMatch(/^failure: .*stands still/);
  });

  it('clocks that disagree about a moment are a warning', async () => {
    const said = await doctorOn({ host: { clocksPassed: async () => ({ monotonicMs: 200, wallMs: 3800 }) } });
    expect(said.of('clock', 'monotonic')).toMatch(/^warning: tsc: it saw 200 ms pass and the wall clock 3800 ms/);
  });
});

describe('of the target', () => {
  it('a tgtd that does not answer is to be started', async () => {
    const said = await doctorOn({ tgt: { observe: async () => unknown('tgtd cannot be read') } });
    expect(said.of('target', 'tgtd answers')).toBe(
      'failure: not at control port 0: tgtd cannot be read → systemctl start tgt',
    );
  });

  it('only root can ask it', async () => {
    const said = await doctorOn({ host: { isRoot: false }, tgt: { observe: async () => unknown('denied') } });
    expect(said.of('target', 'tgtd answers')).toBe('unknown: only root can ask it → sudo pathwarden doctor');
  });

  it('a portal on every address is a failure, and the fix starts tgtd without', async () => {
    const said = await doctorOn({ tgt: { observe: async () => done({ portals: 1, wildcard: '0.0.0.0:3260' }) } });
    const answer = said.of('target', 'tgtd answers');
    expect(answer).toMatch(/^failure: .*0\.0\.0\.0:3260.* → .*--iscsi portal=127\.0\.0\.1:3260/);
  });

  it('a program that is missing comes with its package', async () => {
    const program = async (name: string) => (name === 'tgtadm' ? done(null) : rightHost.program(name));
    const said = await doctorOn({ host: { program } });
    expect(said.of('target', 'tgtadm')).toBe('failure: is not installed → apt-get install tgt');
    expect(said.of('target', 'tgtd')).toBe('ok: 16.2, /usr/sbin/tgtd');
  });

  it('without tgtadm nobody can ask tgtd, and nothing is said of it', async () => {
    const program = async (name: string) => (name === 'tgtadm' ? done(null) : rightHost.program(name));
    const observe = async () => refused('tgtadm is not installed', 'missing');
    const said = await doctorOn({ host: { program }, tgt: { observe } });
    expect(said.of('target', 'tgtd answers')).toBe('nothing');
    expect(said.of('target', 'ending sockets')).toBe('ok: the kernel can');
  });

  it('a kernel that cannot end sockets is a failure', async () => {
    const said = await doctorOn({ host: { kernelOption: async () => done(false) } });
    expect(said.of('target', 'ending sockets')).toMatch(/^failure: .*CONFIG_INET_DIAG_DESTROY/);
  });
});

describe('of the packet filter', () => {
  it('rules that the kernel refuses are a failure in its own words', async () => {
    const said = await doctorOn({ filter: refused('nft: exit code 1: Operation not supported') });
    expect(said.of('network', 'packet filter')).toMatch(/^failure: .*Operation not supported → modprobe nf_tables$/);
  });

  it('is tried by root only', async () => {
    const said = await doctorOn({ host: { isRoot: false }, filter: refused('never asked') });
    expect(said.of('network', 'packet filter')).toMatch(/^unknown: only root/);
  });

  it('is not tried without nft', async () => {
    const program = async (name: string) => (name === 'nft' ? done(null) : rightHost.program(name));
    const said = await doctorOn({ host: { program } });
    expect(said.of('network', 'packet filter')).toBe('nothing');
    expect(said.of('network', 'nft')).toBe('failure: is not installed → apt-get install nftables');
  });

  it('a module that is not there, is not loaded, or cannot be seen is told apart', async () => {
    const saidOf = async (module: Awaited<ReturnType<typeof rightHost.kernelModule>>) =>
      (await doctorOn({ host: { kernelModule: async () => module } })).of('network', 'nf_tables');
    expect(await saidOf(done('built in'))).toBe('ok: built in');
    expect(await saidOf(done('can be loaded'))).toMatch(/^warning: .* → modprobe nf_tables/);
    expect(await saidOf(done(null))).toMatch(/^failure: /);
    expect(await saidOf(unknown('/lib/modules cannot be read'))).toMatch(/^unknown: /);
  });
});

describe('of the watchdog', () => {
  const required = 'watchdog: { mode: required }';

  it('nothing is said where it is off', async () => {
    expect((await doctorOn()).areas).not.toContain('watchdog');
  });

  it('a device that is missing is a failure where it is required, and a warning where it is not', async () => {
    const file = async (path: string) => (path === '/dev/watchdog' ? done(null) : rightHost.file(path));
    const must = await doctorOn({ config: required, host: { file } });
    expect(must.of('watchdog', 'device')).toMatch(/^failure: \/dev\/watchdog is not there → echo options softdog /);
    const may = await doctorOn({ config: 'watchdog: { mode: automatic }', host: { file } });
    expect(may.of('watchdog', 'device')).toMatch(/^warning: /);
  });

  it('each fix lasts over a reboot, reloads what is loaded, and has the time that is configured', async () => {
    const config = 'watchdog: { mode: required, timeoutMs: 15500 }';
    const fixed = async (host: Partial<HostPort>) => {
      const said = await doctorOn({ config, host });
      return said.of('watchdog', 'device').split(' → ')[1];
    };
    const identity = 'Software Watchdog';
    const late = await fixed({ watchdog: async () => ({ kind: 'unfit', identity, reason: 'it resets after 60 s' }) });
    expect(late).toMatch(/^echo options softdog soft_margin=15 > \S+ && modprobe -r softdog && modprobe softdog /);
    const missing = await fixed({ file: async () => done(null) });
    expect(missing).toMatch(
      /^echo options softdog soft_margin=15 > \S+ && echo softdog > \/etc\/modules-load\.d\/\S+ && modprobe softdog /,
    );
  });

  it('the options of a board\'s driver have names of their own, which the kernel knows', async () => {
    const identity = 'iTCO_wdt';
    const late = { kind: 'unfit', identity, reason: 'it resets after 60 s' } as const;
    const doubt = { kind: 'fits', identity, warning: 'nowayout=1 makes it sure' } as const;
    for (const check of [late, doubt]) {
      const said = await doctorOn({ config: required, host: { watchdog: async () => check } });
      expect(said.of('watchdog', 'device')).toMatch(/ → modinfo -p .* # of iTCO_wdt: .* nowayout /);
    }
  });

  it('whoever else holds it is named, and how it lets go', async () => {
    const heldBy = async (pid: number, program: string, isOurs = false) => {
      const holders = async () => done([{ pid, program, isOurs }]);
      const said = await doctorOn({ config: required, host: { holders } });
      return said.of('watchdog', 'held by');
    };
    expect(await heldBy(1, 'systemd')).toMatch(/^failure: systemd \(pid 1\).* → .*RuntimeWatchdogSec/);
    expect(await heldBy(77, 'wd_keepalive')).toMatch(/ → systemctl disable --now wd_keepalive$/);
    expect(await heldBy(78, 'node', true)).toBe('ok: pathwarden');
  });

  it('is looked at by root only', async () => {
    const said = await doctorOn({ config: required, host: { isRoot: false } });
    expect(said.of('watchdog', 'device')).toMatch(/^unknown: .* → sudo pathwarden doctor$/);
  });
});
