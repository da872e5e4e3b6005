// Who gets in to the kernel's target, how they prove who they are, and how it is tuned; tried by real initiators.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lioTarget } from '../../../adapters/target/lio.ts';
import { inquire, tryData } from './initiator.ts';
import { kernelInitiator } from './kernel-initiator.ts';
import { kernelTargetMissing } from './kernel-world.ts';
import { first, group, second, useLioDisk } from './lio-disk.ts';
import { done, iqn } from './one-disk.ts';
import { patience } from './world.ts';

// Skipped where the kernel is not ours to try it on.
describe.skipIf(kernelTargetMissing() !== null)('access to the lio target', () => {
  const rig = useLioDisk();
  const { serve, login, shown } = rig;
  test('only the named initiators get in, on every path', async () => {
    const name = 'iqn.1994-05.com.example:one';
    rig.spec = { ...rig.spec, access: { initiators: [name] } };
    await serve(first, second);
    for (const { ip } of [first, second]) {
      expect(await inquire(rig.world, ip, iqn, name)).toContain('Vendor:PATHWRDN');
      expect(await inquire(rig.world, ip, iqn, `${name}x`)).not.toContain('Vendor:');
    }
    rig.spec = { ...rig.spec, access: { initiators: [`${name}x`] } };
    await serve(first, second);
    for (const { ip } of [first, second]) {
      expect(await inquire(rig.world, ip, iqn, `${name}x`)).toContain('Vendor:PATHWRDN');
      expect(await inquire(rig.world, ip, iqn, name)).not.toContain('Vendor:');
    }
  });

  test('an initiator that is struck off the list loses its session', async () => {
    const own = 'iqn.2008-11.org.linux-kvm';
    rig.spec = { ...rig.spec, access: { initiators: [own, 'iqn.1994-05.com.example:one'] } };
    await serve(first);
    await login(first.ip).ask('read 0 4k');
    const logins = [{ initiator: own, address: '10.9.0.2', state: 'logged in' }];
    expect(await shown()).toMatchObject({ sessions: 1, logins });
    rig.spec = { ...rig.spec, access: { initiators: ['iqn.1994-05.com.example:one'] } };
    expect(await rig.plane.target.ensureDefined(rig.spec, patience)).toEqual(done);
    const rules = { initiators: rig.spec.access.initiators };
    expect(await shown()).toMatchObject({ sessions: 0, accepts: true, rules });
  });

  test.each([
    ['anyone', []],
    ['a named initiator', ['iqn.2008-11.org.linux-kvm']],
  ])('a CHAP secret lets in who knows it, of %s', async (who, initiators) => {
    const secretFile = join(rig.world.folder, `secret of ${who}`);
    rig.spec = { ...rig.spec, access: { initiators, chap: { user: 'ada', secretFile } } };
    const missing = { kind: 'refused', reason: expect.stringContaining('ENOENT') };
    expect(await rig.plane.target.ensureDefined(rig.spec, patience)).toMatchObject(missing);
    await writeFile(secretFile, 'correcthorse1\n');
    await serve(first);
    expect(await tryData(rig.world, first.ip, iqn, 'ada%correcthorse1@')).toContain('wrote 65536');
    expect(await tryData(rig.world, first.ip, iqn, 'ada%wronghorse123@')).not.toContain('wrote');
    expect(await tryData(rig.world, first.ip, iqn, 'bob%correcthorse1@')).not.toContain('wrote');
    expect(await tryData(rig.world, first.ip, iqn)).not.toContain('wrote');
    expect(await shown()).toMatchObject({ rules: { users: ['ada'] } });
    await writeFile(secretFile, 'newerhorse12\n');
    await serve(first);
    expect(await tryData(rig.world, first.ip, iqn, 'ada%newerhorse12@')).toContain('wrote 65536');
    expect(await tryData(rig.world, first.ip, iqn, 'ada%correcthorse1@')).not.toContain('wrote');
  });

  test('by mutual CHAP the target proves itself, also on a path that a new instance opens', async () => {
    const [secretFile, targetFile] = [join(rig.world.folder, 'secret'), join(rig.world.folder, 'target-secret')];
    await writeFile(secretFile, 'correcthorse1');
    await writeFile(targetFile, 'batterystaple');
    const own = { user: 'ada', secretFile };
    const initiators = ['iqn.1994-05.com.example:one'];
    const mutual = { user: 'disk', secretFile: targetFile };
    rig.spec = { ...rig.spec, access: { initiators, chap: { ...own, mutual } } };
    await serve(first);
    expect(await lioTarget().ensureOpen(second, patience)).toEqual(done);
    const initiator = await kernelInitiator(initiators[0] ?? '');
    const login = (ip: string, user: string, password: string): Promise<string> =>
      initiator.tryLogin(ip, iqn, { own: { user: 'ada', password: 'correcthorse1' }, ofTarget: { user, password } });
    for (const { ip } of [first, second]) expect(await login(ip, 'disk', 'batterystaple')).toMatch(/successful\.$/);
    expect(await login(first.ip, 'disk', 'wrongstaple12')).toContain('Could not login');
    rig.spec = { ...rig.spec, access: { initiators, chap: own } };
    await serve(first, second);
    expect(await login(second.ip, 'disk', 'batterystaple')).toContain('Could not login');
    await initiator.close();
  });

  test('is tuned as it is told, and what the kernel refuses is named', async () => {
    const tuned = lioTarget({
      tuning: {
        attributes: { default_cmdsn_depth: 32, login_timeout: 20 },
        parameters: { MaxRecvDataSegmentLength: 65_536, ImmediateData: false, DataDigest: 'None' },
        device: { emulate_tpu: true, queue_depth: 64 },
      },
    });
    rig.spec = { ...rig.spec, access: { initiators: ['iqn.2008-11.org.linux-kvm'] } };
    expect(await tuned.ensureDefined(rig.spec, patience)).toEqual(done);
    for (const portal of [first, second]) expect(await tuned.ensureOpen(portal, patience)).toEqual(done);
    const text = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();
    for (const tag of [1, 2]) {
      expect(await text(join(group(tag), 'attrib/default_cmdsn_depth'))).toBe('32');
      expect(await text(join(group(tag), 'acls/iqn.2008-11.org.linux-kvm/cmdsn_depth'))).toBe('32');
      expect(await text(join(group(tag), 'param/ImmediateData'))).toBe('No');
    }
    expect(await text(join(group(1), 'lun/lun_1/disk/attrib/queue_depth'))).toBe('64');
    // Each path is in the one group of targets, and that is active and optimized.
    expect(await text(join(group(2), 'lun/lun_1/alua_tg_pt_gp'))).toMatch(/default_tg_pt_gp[\s\S]*Active\/Optimized/);
    const session = login(first.ip);
    expect(await session.ask('write -P 7 0 1M')).toContain('wrote 1048576');
    expect(await session.ask('read -P 7 0 1M')).toContain('read 1048576');
    // Whoever tunes otherwise leaves alone what is served.
    const other = lioTarget({ tuning: { device: { queue_depth: 4096 } } });
    expect(await other.ensureDefined(rig.spec, patience)).toEqual(done);
    expect(await session.ask('read -P 7 0 4k')).toContain('read 4096');
    await session.close();
    expect(await tuned.ensureRemoved(rig.spec, patience)).toEqual(done);
    const refusal = { kind: 'refused', reason: expect.stringContaining('attrib/queue_depth: EINVAL') };
    expect(await other.ensureDefined(rig.spec, patience)).toMatchObject(refusal);
  });
});
