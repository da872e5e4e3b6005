// What real initiators see of the kernel's target: what is reached, what is cut, and when a close counts as proven.
import { mkdir, readdir, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { lioTarget } from '../../../adapters/target/lio.ts';
import { describe as tell } from '../../../adapters/run.ts';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import { type Session, sessionsWith, tryData } from './initiator.ts';
import { commandsOf, kernelTargetMissing, type KernelWorld, suspendableDevice } from './kernel-world.ts';
import { createLioWorld, diskShown, first, group, root, second } from './lio-disk.ts';
import { done, iqn, oneDisk, serveDisk } from './one-disk.ts';
import { patience } from './world.ts';

// Skipped where the kernel is not ours to try it on.
describe.skipIf(kernelTargetMissing() !== null)('with a real initiator, the lio target', () => {
  let world: KernelWorld;
  let plane: DataPlane;
  let spec: TargetSpec;
  const sessions = sessionsWith(iqn);

  const serve = (...portals: Portal[]): Promise<void> => serveDisk(plane.target, spec, portals);
  const login = (ip: string): Session => sessions.login(world, ip);
  const shown = () => diskShown(plane);
  /** As the initiator sees them. */
  const connectionsTo = async (ip: string): Promise<readonly string[]> => {
    const seen = await world.initiator(['ss', '-Htn', 'state', 'established', 'dst', ip], patience);
    if (seen.kind !== 'exited' || seen.code !== 0) throw new Error(tell(seen));
    return seen.stdout.split('\n').filter((line) => line !== '');
  };
  const identity = async (ip: string): Promise<string> => {
    const page = (code: string) => ['iscsi-inq', '-e', '1', '-c', code, `iscsi://${ip}/${iqn}/1`];
    const texts = [];
    for (const code of ['128', '131']) {
      const result = await world.initiator(page(code), patience);
      texts.push(result.kind === 'exited' ? result.stdout.replaceAll(/t,0x\d+/g, '') : result.kind);
    }
    return texts.join('');
  };

  beforeAll(async () => {
    ({ world, plane } = await createLioWorld());
  });
  beforeEach(async () => {
    spec = await oneDisk(world);
  });
  afterEach(async () => {
    await sessions.close();
    await plane.target.ensureRemoved(spec, patience);
  });
  afterAll(() => world.close());

  test('an open portal carries data and a closed one refuses the connection', async () => {
    await serve(first);
    expect(await tryData(world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
    expect(await tryData(world, second.ip, iqn)).toMatch(/Failed to connect/);
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await tryData(world, first.ip, iqn)).toMatch(/Failed to connect/);
  });

  test('closing cuts the session of that portal and leaves the one of its sibling', async () => {
    await serve(first, second);
    const [cut, kept] = [login(first.ip), login(second.ip)];
    expect(await cut.ask('write -P 1 0 4k')).toContain('wrote 4096');
    expect(await kept.ask('write -P 2 4k 4k')).toContain('wrote 4096');
    const unnamed = { initiator: 'iqn.2008-11.org.linux-kvm', address: null, state: 'logged in' };
    expect(await shown()).toMatchObject({ sessions: 2, logins: [unnamed, unnamed] });
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await shown()).toMatchObject({ sessions: 1 });
    expect(await kept.ask('read -P 1 0 4k')).toContain('read 4096');
  });

  test('a disk is known by the same names on every path, also after it was removed and made again', async () => {
    await serve(first, second);
    const names = await identity(first.ip);
    expect(names).toContain(`[${spec.wwn}]`);
    expect(names).toContain(`[PATHWRDNDISK`);
    expect(await identity(second.ip)).toBe(names);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    await serve(second);
    expect(await identity(second.ip)).toBe(names);
  });

  test('closing is not proven while a write of a cut session is stuck in the storage', async () => {
    const device = await suspendableDevice(world);
    const file = spec.backing;
    spec = { ...spec, backing: { ...file, path: device.path } };
    const other = { ...spec, disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002', backing: file };
    await serve(first);
    const session = login(first.ip);
    await session.ask('write -P 1 0 4k');
    await device.suspend();
    try {
      const before = await commandsOf(group(1));
      void session.ask('write -P 2 0 4k');
      await vi.waitUntil(async () => (await commandsOf(group(1))) > before, { timeout: patience.deadlineMs });
      const underWay = { kind: 'unknown', reason: expect.stringContaining('commands under way') };
      expect(await plane.target.ensureClosed(first, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await plane.target.ensureClosed(first, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await plane.target.ensureRemoved(spec, { deadlineMs: 6000 })).toMatchObject(underWay);
      expect(await shown()).toMatchObject({ sessions: 1 });
      // Else it could try its write again on another path, ahead of this one.
      expect(await connectionsTo(first.ip)).toHaveLength(1);
      // Other disks go on, whatever hangs.
      expect(await plane.target.ensureDefined(other, patience)).toEqual(done);
      expect(await plane.target.ensureOpen({ ...second, iqn: other.iqn }, patience)).toEqual(done);
      expect(await tryData(world, second.ip, other.iqn)).toContain('wrote 65536');
      expect(await plane.target.ensureClosed({ ...second, iqn: other.iqn }, patience)).toEqual(done);
      expect(await plane.target.ensureRemoved(other, patience)).toEqual(done);
    } finally {
      await device.resume();
    }
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await connectionsTo(first.ip)).toEqual([]);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    await device.close();
  });

  test('a block device looks to an initiator as a file does', async () => {
    await serve(first);
    const names = await identity(first.ip);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    const device = await suspendableDevice(world);
    spec = { ...spec, backing: { ...spec.backing, path: device.path } };
    await serve(first);
    expect(await identity(first.ip)).toBe(names);
    expect(await tryData(world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    await device.close();
  });

  test('a disk cannot be reached through the portal of another disk', async () => {
    const other = { ...spec, disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002' };
    await serve(first);
    expect(await plane.target.ensureDefined(other, patience)).toEqual(done);
    expect(await tryData(world, first.ip, other.iqn)).not.toContain('wrote');
    expect(await plane.target.ensureOpen({ ...second, iqn: other.iqn }, patience)).toEqual(done);
    expect(await tryData(world, second.ip, other.iqn)).toContain('wrote 65536');
    expect(await tryData(world, first.ip, other.iqn)).not.toContain('wrote');
    expect(await plane.target.ensureRemoved(other, patience)).toEqual(done);
  });

  test('a path that opens while its sibling closes can be used', async () => {
    await serve(first);
    const closing = plane.target.ensureClosed(first, patience);
    const opening = plane.target.ensureOpen(second, patience);
    expect([await closing, await opening]).toEqual([done, done]);
    expect(await tryData(world, second.ip, iqn)).toContain('wrote 65536');
  });

  test('an IPv6 portal carries data, and closing it cuts its sessions', async () => {
    const six: Portal = { iqn, ip: 'fd00::1', port: 3260, tag: 3 };
    await plane.address.ensureAdded({ ip: six.ip, prefix: 64, interface: 'eth0' }, patience);
    await world.initiator(['ip', 'addr', 'add', 'fd00::2/64', 'dev', 'eth0', 'nodad'], patience);
    await serve(six);
    expect(await tryData(world, '[fd00::1]', iqn)).toContain('wrote 65536');
    const session = login('[fd00::1]');
    await session.ask('read 0 4k');
    expect(await plane.target.ensureClosed({ ...six, ip: 'fd00:0::0001' }, patience)).toEqual(done);
    expect(await shown()).toMatchObject({ sessions: 0 });
    expect(await tryData(world, '[fd00::1]', iqn)).toContain('Failed to connect');
  });

  test('a group without LUN, an entry and a state changed by hand are seen, and put right', async () => {
    await serve(first);
    expect(await shown()).toMatchObject({ wwn: spec.wwn, initiators: null, accepts: true });
    await unlink(join(group(1), 'lun/lun_1/disk'));
    expect(await shown()).toMatchObject({ wwn: null });
    await serve(first);
    await writeFile(join(group(1), 'attrib/generate_node_acls'), '0');
    expect(await shown()).toMatchObject({ wwn: spec.wwn, initiators: [] });
    await serve(first);
    await writeFile(join(group(1), 'enable'), '0');
    expect(await shown()).toMatchObject({ accepts: false });
    await serve(first);
    expect(await shown()).toMatchObject({ wwn: spec.wwn, initiators: null, accepts: true });
    expect(await tryData(world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
  });

  test('targets and devices of others are left alone', async () => {
    const theirs = join(root, 'iscsi/iqn.2001-01.com.example:theirs');
    const hosts = [join(root, 'core/fileio_0'), join(root, 'core/fileio_0/00001')];
    for (const folder of [...hosts, theirs, join(theirs, 'tpgt_1')]) await mkdir(folder, { recursive: true });
    await serve(first);
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    expect(await readdir(join(root, 'core/fileio_0'))).toContain('00001');
    expect(await readdir(theirs)).toContain('tpgt_1');
    for (const folder of [join(theirs, 'tpgt_1'), theirs, ...hosts.toReversed()]) await rmdir(folder);
    expect((await readdir(join(root, 'core'))).toSorted()).toEqual(['alua']);
  });

  test('a target of our name that serves a device of others is refused, not changed', async () => {
    const theirs = join(root, 'core/fileio_0/theirs');
    await mkdir(theirs, { recursive: true });
    await writeFile(join(theirs, 'control'), `fd_dev_name=${spec.backing.path},fd_dev_size=${spec.backing.sizeBytes}`);
    await writeFile(join(theirs, 'enable'), '1');
    await mkdir(join(group(1), 'lun/lun_1'), { recursive: true });
    await symlink(theirs, join(group(1), 'lun/lun_1/x'));
    const refusal = { kind: 'refused', reason: expect.stringContaining('fileio_0/theirs') };
    expect(await plane.target.ensureDefined(spec, patience)).toMatchObject(refusal);
    expect(await plane.target.ensureRemoved(spec, patience)).toMatchObject({ kind: 'refused' });
    await unlink(join(group(1), 'lun/lun_1/x'));
    for (const folder of [theirs, join(root, 'core/fileio_0')]) await rmdir(folder);
  });

  test('what cannot be read is unknown, never empty', async () => {
    const nowhere = lioTarget({ root: join(world.folder, 'nothing') });
    expect(await nowhere.observe(patience)).toMatchObject({ kind: 'unknown' });
    expect(await nowhere.ensureDefined(spec, patience)).toMatchObject({ kind: 'refused', code: 'missing' });
    expect(await plane.target.observe({ deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });
});
