// The doctor's eyes on this very machine, and on trees of files where the machine has nothing of the kind.
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostSettings, systemHost } from '../../../adapters/doctor/host.ts';
import { createRunner } from '../../../adapters/run.ts';
import { checkWatchdog } from '../../../adapters/watchdog/check.ts';
import { recordingRunner } from '../../adapters/recording-runner.ts';
import { fenceAgentsMissing } from '../dataplane/fence-agents.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

const host = (more: Partial<HostSettings> = {}) =>
  systemHost({ run: createRunner(), watchdog: checkWatchdog, ...more });
const done = (value: unknown) => ({ kind: 'done', value });

async function file(path: string, text = ''): Promise<string> {
  const whole = join(folder, path);
  await mkdir(join(whole, '..'), { recursive: true });
  await writeFile(whole, text);
  return whole;
}

describe('programs', () => {
  test('are found where the daemon would find them, with their version', async () => {
    const found = await host().program('ip');
    const [path, version] = [expect.stringMatching(/^\/.*\/ip$/), expect.stringMatching(/^\d+\.\d+/)] as unknown[];
    expect(found).toEqual(done({ path, version }));
  });

  test('that are in none of these folders are certainly not there', async () => {
    const nowhere = host({ folders: [join(folder, 'nowhere')] });
    expect(await nowhere.program('ip')).toEqual(done(null));
    expect(await host().program('/usr/local/sbin/no-such-program')).toEqual(done(null));
  });

  test('that cannot be run are as good as missing', async () => {
    const path = await file('programs/ip');
    expect(await host({ folders: [join(path, '..')] }).program('ip')).toEqual(done(null));
  });

  test('that nobody knows here are not run to learn their version', async () => {
    const path = await file('fence-node', '#!/bin/sh\ntouch "$0.was-run"\n');
    await chmod(path, 0o755);
    expect(await host().program(path)).toEqual(done({ path, version: null }));
    expect(await host().file(`${path}.was-run`)).toEqual(done(null));
  });

  test.each([
    ['iproute2-6.1.0', '6.1.0'], ['arping from iputils 20221126', '20221126'], ['nftables v1.0.6 (Lester)', '1.0.6'],
    ['OpenSSH_9.2p1 Debian', '9.2'], ['no figure', null],
  ])('that say %s have version %s', async (stdout, version) => {
    const { run } = recordingRunner({ '': { stdout } });
    const path = await file('bin/ss');
    await chmod(path, 0o755);
    expect(await host({ run, folders: [join(path, '..')] }).program('ss')).toEqual(done({ path, version }));
  });
});

// Debian's fence-agents are not everywhere; in CI they are.
describe.skipIf(fenceAgentsMissing())('a fence agent', () => {
  test('that can run describes itself', async () => {
    expect(await host().fenceAgent('fence_ipmilan')).toEqual(done(null));
  });
});

describe('a program that is no fence agent', () => {
  test('does not describe itself, and one that is missing is named', async () => {
    expect(await host().fenceAgent('true')).toMatchObject({ kind: 'refused' });
    expect(await host().fenceAgent('fence_nothing')).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('fence_nothing'),
    });
  });
});

describe('the kernel', () => {
  test('has a module loaded, built in, at hand or not at all', async () => {
    const modules = `lib/modules/${release()}`;
    await mkdir(join(folder, 'sys/module/target_core_mod'), { recursive: true });
    await file(`${modules}/modules.builtin`, 'kernel/net/netfilter/nf_tables.ko\n');
    await file(`${modules}/modules.dep`, 'kernel/drivers/block/rbd.ko.xz: kernel/net/ceph/libceph.ko.xz\n');
    const kernelModule = (name: string) => host({ root: folder }).kernelModule(name);
    expect(await kernelModule('target_core_mod')).toEqual(done('loaded'));
    expect(await kernelModule('nf_tables')).toEqual(done('built in'));
    expect(await kernelModule('rbd')).toEqual(done('can be loaded'));
    expect(await kernelModule('libceph')).toEqual(done(null));
  });

  test('without the list of its modules, nobody can say', async () => {
    const bare = join(folder, 'bare');
    expect(await host({ root: bare }).kernelModule('rbd')).toMatchObject({ kind: 'unknown' });
    expect(await host({ root: bare }).kernelOption('CONFIG_INET_DIAG_DESTROY')).toMatchObject({ kind: 'unknown' });
  });

  test('says how it was built', async () => {
    await file(`boot/config-${release()}`, '# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=m\n');
    const option = (name: string) => host({ root: folder }).kernelOption(name);
    expect([await option('CONFIG_A'), await option('CONFIG_B'), await option('CONFIG_C')]).toEqual(
      [false, true, true].map(done),
    );
  });
});

describe('files', () => {
  test('are described and not read', async () => {
    const path = await file('secret', 'x'.repeat(10));
    await chmod(path, 0o640);
    expect(await host().file(path)).toEqual(
      done({ kind: 'file', mode: 0o640, isMine: true, isReadable: true, isWritable: true, bytes: 10 }),
    );
    expect(await host().file('/dev/null')).toMatchObject({ value: { kind: 'device' } });
    expect(await host().file(folder)).toMatchObject({ value: { kind: 'directory' } });
    expect(await host().file(join(folder, 'none'))).toEqual(done(null));
    expect(await host().file(join(path, 'below a file'))).toEqual(done(null));
  });

  test('that cannot be looked at are unknown', async () => {
    const loop = join(folder, 'loop');
    await symlink(loop, loop);
    expect(await host().file(loop)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('ELOOP') });
  });

  test('have room also where they are not there yet', async () => {
    expect(await host().freeBytes(join(folder, 'not/yet/there'))).toEqual(done(expect.any(Number)));
  });
});

describe('interfaces', () => {
  test('are read with their addresses', async () => {
    const links = await host().links();
    const all = links.kind === 'done' ? links.value : [];
    expect(all.find(({ name }) => name === 'lo')?.addresses).toContainEqual({ ip: '127.0.0.1', prefix: 8 });
  });

  test.each([['nonsense'], ['[{"ifname":"lo"}]']])('that ip shows as %s are unknown', async (stdout) => {
    const { run } = recordingRunner({ ip: { stdout } });
    expect(await host({ run }).links()).toMatchObject({ kind: 'unknown' });
  });
});

describe('clocks', () => {
  test('of this machine both run', async () => {
    const { monotonicMs, wallMs } = await host().clocksPassed();
    expect(monotonicMs).toBeGreaterThan(0);
    expect(wallMs).toBeGreaterThan(0);
  });

  const missing = 'missing' as const;
  const chrony = (leap: string) => ({ timedatectl: missing, chronyc: { stdout: `Leap status     : ${leap}\n` } });
  test.each([
    [{ timedatectl: { stdout: 'yes\n' } }, done({ is: true, by: 'timedatectl' })],
    [{ timedatectl: { stdout: 'no\n' } }, done({ is: false, by: 'timedatectl' })],
    [chrony('Normal'), done({ is: true, by: 'chronyc' })],
    [chrony('Not synchronised'), done({ is: false, by: 'chronyc' })],
    [{ timedatectl: { code: 1 }, chronyc: missing }, { kind: 'unknown', reason: expect.any(String) as unknown }],
  ])('%j', async (answers, said) => {
    expect(await host({ run: recordingRunner(answers).run }).clockSynchronised()).toEqual(said);
  });
});

describe('a watchdog', () => {
  test('is held by whoever has it open under either name', async () => {
    const process = async (pid: string, name: string, open: string, command = name) => {
      await file(`held/proc/${pid}/comm`, `${name}\n`);
      await file(`held/proc/${pid}/cmdline`, command);
      await mkdir(join(folder, `held/proc/${pid}/fd`));
      await symlink(open, join(folder, `held/proc/${pid}/fd/3`));
    };
    await process('1', 'systemd', '/dev/watchdog0');
    await process('70', 'bash', '/dev/null');
    await process('80', 'node', '/dev/watchdog', 'node\0/usr/lib/pathwarden/adapters/watchdog/keeper.js');
    expect(await host({ root: join(folder, 'held') }).holders('/dev/watchdog')).toEqual(
      done([
        { pid: 1, program: 'systemd', isOurs: false },
        { pid: 80, program: 'node', isOurs: true },
      ]),
    );
    expect(await host({ root: join(folder, 'held') }).holders('/dev/watchdog1')).toEqual(done([]));
  });

  test('is unknown when the files of a process cannot be seen, and not when it has ended', async () => {
    await mkdir(join(folder, 'ended/proc/70'), { recursive: true });
    expect(await host({ root: join(folder, 'ended') }).holders('/dev/watchdog')).toEqual(done([]));
    await file('unseen/proc/70/fd', 'no folder');
    expect(await host({ root: join(folder, 'unseen') }).holders('/dev/watchdog')).toMatchObject({ kind: 'unknown' });
    await file('odd/proc/70/fd/3', 'no link');
    expect(await host({ root: join(folder, 'odd') }).holders('/dev/watchdog')).toMatchObject({ kind: 'unknown' });
  });
});
