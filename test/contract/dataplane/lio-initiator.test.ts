// What real initiators see of the kernel's target: what is reached, what is cut, and when a close counts as proven.
import { mkdir, readdir, rmdir, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { lioTarget } from '../../../adapters/target/lio.ts';
import { describe as tell } from '../../../adapters/run.ts';
import { servesInitiators } from './initiator-contract.ts';
import { tryData } from './initiator.ts';
import { commandsOf, kernelTargetMissing, suspendableDevice } from './kernel-world.ts';
import { first, group, root, second, useLioDisk } from './lio-disk.ts';
import { loopDevices } from './loop-device.ts';
import { done, iqn } from './one-disk.ts';
import { patience } from './world.ts';

// Skipped where the kernel is not ours to try it on.
describe.skipIf(kernelTargetMissing() !== null)('with a real initiator, the lio target', () => {
  const rig = useLioDisk();
  const { serve, login, shown } = rig;
  /** As the initiator sees them. */
  const connectionsTo = async (ip: string): Promise<readonly string[]> => {
    const seen = await rig.world.initiator(['ss', '-Htn', 'state', 'established', 'dst', ip], patience);
    if (seen.kind !== 'exited' || seen.code !== 0) throw new Error(tell(seen));
    return seen.stdout.split('\n').filter((line) => line !== '');
  };
  const identity = async (ip: string): Promise<string> => {
    const page = (code: string) => ['iscsi-inq', '-e', '1', '-c', code, `iscsi://${ip}/${iqn}/1`];
    const texts = [];
    for (const code of ['128', '131']) {
      const result = await rig.world.initiator(page(code), patience);
      texts.push(result.kind === 'exited' ? result.stdout.replaceAll(/t,0x\d+/g, '') : result.kind);
    }
    return texts.join('');
  };

  const unnamed = { initiator: 'iqn.2008-11.org.linux-kvm', address: null, state: 'logged in' };
  servesInitiators(() => rig, { first, second, six: { iqn, ip: 'fd00::1', port: 3260, tag: 3 }, unnamed });

  test('a disk is known by the same names on every path, also after it was removed and made again', async () => {
    await serve(first, second);
    const names = await identity(first.ip);
    expect(names).toContain(`[${rig.spec.wwn}]`);
    expect(names).toContain(`[PATHWRDNDISK`);
    expect(await identity(second.ip)).toBe(names);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    await serve(second);
    expect(await identity(second.ip)).toBe(names);
  });

  test('closing is not proven while a write of a cut session is stuck in the storage', async () => {
    const device = await suspendableDevice(rig.world);
    const file = rig.spec.backing;
    rig.spec = { ...rig.spec, backing: { ...file, path: device.path } };
    const other = { ...rig.spec, disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002', backing: file };
    await serve(first);
    const session = login(first.ip);
    await session.ask('write -P 1 0 4k');
    await device.suspend();
    try {
      const before = await commandsOf(group(1));
      void session.ask('write -P 2 0 4k');
      await vi.waitUntil(async () => (await commandsOf(group(1))) > before, { timeout: patience.deadlineMs });
      const underWay = { kind: 'unknown', reason: expect.stringContaining('commands under way') };
      expect(await rig.plane.target.ensureClosed(first, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await rig.plane.target.ensureClosed(first, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await rig.plane.target.ensureRemoved(rig.spec, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await shown()).toMatchObject({ sessions: 1 });
      // Else it could try its write again on another path, ahead of this one.
      expect(await connectionsTo(first.ip)).toHaveLength(1);
      // Other disks go on, whatever hangs.
      expect(await rig.plane.target.ensureDefined(other, patience)).toEqual(done);
      expect(await rig.plane.target.ensureOpen({ ...second, iqn: other.iqn }, patience)).toEqual(done);
      expect(await tryData(rig.world, second.ip, other.iqn)).toContain('wrote 65536');
      expect(await rig.plane.target.ensureClosed({ ...second, iqn: other.iqn }, patience)).toEqual(done);
      expect(await rig.plane.target.ensureRemoved(other, patience)).toEqual(done);
    } finally {
      await device.resume();
    }
    expect(await rig.plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await connectionsTo(first.ip)).toEqual([]);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    await device.close();
  });

  test('a block device looks to an initiator as a file does', async () => {
    await serve(first);
    const names = await identity(first.ip);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    const device = await suspendableDevice(rig.world);
    rig.spec = { ...rig.spec, backing: { ...rig.spec.backing, path: device.path } };
    await serve(first);
    expect(await identity(first.ip)).toBe(names);
    expect(await tryData(rig.world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    await device.close();
  });

  test('a device that grows is as large at once to whoever logs in', async () => {
    const loops = loopDevices();
    const { backing } = rig.spec;
    const path = (await loops.open(backing.path)).trim();
    rig.spec = { ...rig.spec, backing: { ...backing, path } };
    await serve(first);
    expect(await login(first.ip).ask('length')).toContain('8 MiB');
    await truncate(backing.path, 2 * backing.sizeBytes);
    await loops.noticeSize(path);
    expect(await login(first.ip).ask('length')).toContain('16 MiB');
    expect(await rig.shownMegabytes()).toEqual({ kind: 'done', value: new Map() });
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    await loops.close();
  });

  test('a disk cannot be reached through the portal of another disk', async () => {
    const other = { ...rig.spec, disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002' };
    await serve(first);
    expect(await rig.plane.target.ensureDefined(other, patience)).toEqual(done);
    expect(await tryData(rig.world, first.ip, other.iqn)).not.toContain('wrote');
    expect(await rig.plane.target.ensureOpen({ ...second, iqn: other.iqn }, patience)).toEqual(done);
    expect(await tryData(rig.world, second.ip, other.iqn)).toContain('wrote 65536');
    expect(await tryData(rig.world, first.ip, other.iqn)).not.toContain('wrote');
    expect(await rig.plane.target.ensureRemoved(other, patience)).toEqual(done);
  });

  test('a group without LUN, an entry and a state changed by hand are seen, and put right', async () => {
    await serve(first);
    expect(await shown()).toMatchObject({ wwn: rig.spec.wwn, accepts: true, rules: { initiators: null } });
    await unlink(join(group(1), 'lun/lun_1/disk'));
    expect(await shown()).toMatchObject({ wwn: null });
    await serve(first);
    await writeFile(join(group(1), 'attrib/generate_node_acls'), '0');
    expect(await shown()).toMatchObject({ wwn: rig.spec.wwn, rules: { initiators: [] } });
    await serve(first);
    await writeFile(join(group(1), 'enable'), '0');
    expect(await shown()).toMatchObject({ accepts: false });
    await serve(first);
    expect(await shown()).toMatchObject({ wwn: rig.spec.wwn, accepts: true, rules: { initiators: null } });
    expect(await tryData(rig.world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
  });

  test('targets and devices of others are left alone', async () => {
    const theirs = join(root, 'iscsi/iqn.2001-01.com.example:theirs');
    const hosts = [join(root, 'core/fileio_0'), join(root, 'core/fileio_0/00001')];
    for (const folder of [...hosts, theirs, join(theirs, 'tpgt_1')]) await mkdir(folder, { recursive: true });
    await serve(first);
    expect(await rig.plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toEqual(done);
    expect(await readdir(join(root, 'core/fileio_0'))).toContain('00001');
    expect(await readdir(theirs)).toContain('tpgt_1');
    for (const folder of [join(theirs, 'tpgt_1'), theirs, ...hosts.toReversed()]) await rmdir(folder);
    expect((await readdir(join(root, 'core'))).toSorted()).toEqual(['alua']);
  });

  test('a target of our name that serves a device of others is refused, not changed', async () => {
    const theirs = join(root, 'core/fileio_0/theirs');
    await mkdir(theirs, { recursive: true });
    const { path, sizeBytes } = rig.spec.backing;
    await writeFile(join(theirs, 'control'), `fd_dev_name=${path},fd_dev_size=${sizeBytes}`);
    await writeFile(join(theirs, 'enable'), '1');
    await mkdir(join(group(1), 'lun/lun_1'), { recursive: true });
    await symlink(theirs, join(group(1), 'lun/lun_1/x'));
    const refusal = { kind: 'refused', reason: expect.stringContaining('fileio_0/theirs') };
    expect(await rig.plane.target.ensureDefined(rig.spec, patience)).toMatchObject(refusal);
    expect(await rig.plane.target.ensureRemoved(rig.spec, patience)).toMatchObject({ kind: 'refused' });
    await unlink(join(group(1), 'lun/lun_1/x'));
    for (const folder of [theirs, join(root, 'core/fileio_0')]) await rmdir(folder);
  });

  test('what cannot be read is unknown, never empty', async () => {
    const nowhere = lioTarget({ root: join(rig.world.folder, 'nothing') });
    expect(await nowhere.observe(patience)).toMatchObject({ kind: 'unknown' });
    expect(await nowhere.ensureDefined(rig.spec, patience)).toMatchObject({ kind: 'refused', code: 'missing' });
    expect(await rig.plane.target.observe({ deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });
});
