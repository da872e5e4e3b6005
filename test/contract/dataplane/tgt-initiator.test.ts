// What real initiators see of the tgt adapter: who gets in, what is cut, and when a close counts as proven.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tgtDataPlane } from '../../../adapters/dataplane.ts';
import type { Run } from '../../../adapters/run.ts';
import { tgtLook } from '../../../adapters/target/tgt-look.ts';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import type { ShownSizesPort } from '../../../src/ports/doctor.ts';
import { freezableImage } from './freezable-image.ts';
import { servesInitiators } from './initiator-contract.ts';
import { inquire, inquireMutually, type Session, sessionsWith, tryData } from './initiator.ts';
import { done, iqn, oneDisk, serveDisk } from './one-disk.ts';
import { createWorld, ended, mustOf, patience, realPartsMissing, type World } from './world.ts';

const first: Portal = { iqn, ip: '10.9.0.1', port: 3260 };
const second: Portal = { iqn, ip: '10.9.0.10', port: 3260 };

// Skipped where a program or root is missing, which in CI is a failure.
describe.skipIf(realPartsMissing() !== null)('with a real initiator', () => {
  let world: World;
  let plane: DataPlane;
  let spec: TargetSpec;
  const sessions = sessionsWith(iqn);

  const start = async (settings?: { portal?: string }): Promise<void> => {
    world = await createWorld(settings);
    plane = tgtDataPlane({ run: world.gateway, controlPort: world.controlPort });
    for (const { ip } of [first, second]) {
      expect(await plane.address.ensureAdded({ ip, prefix: 24, interface: 'eth0' }, patience)).toEqual(done);
    }
    spec = await oneDisk(world);
  };
  const serve = (...portals: Portal[]): Promise<void> => serveDisk(plane.target, spec, portals);
  const login = (ip: string): Session => sessions.login(world, ip);
  const admin = (...argv: string[]): Promise<string> =>
    mustOf(world.gateway)(`tgtadm -C ${String(world.controlPort)} --lld iscsi`, ...argv);

  beforeEach(() => start());
  afterEach(async () => {
    await sessions.close();
    await world.close();
  });

  const six: Portal = { iqn, ip: 'fd00::1', port: 3260 };
  const unnamed = { initiator: expect.stringMatching(/^iqn\./), address: '10.9.0.2', state: 'logged in' };
  const shownMegabytes: ShownSizesPort['shownMegabytes'] = () =>
    tgtLook({ run: world.gateway, controlPort: world.controlPort }).shownMegabytes();
  const rig = () => ({ world, plane, spec, serve, shownMegabytes, login });
  servesInitiators(rig, { first, second, six, unnamed });

  test('closing one portal does not end the sessions of a portal whose address begins alike', async () => {
    await serve(first, second);
    const kept = login(second.ip);
    await kept.ask('read 0 4k');
    for (const ip of ['10.9.0.1', '10.9.0.100']) {
      expect(await plane.target.ensureClosed({ iqn, ip, port: 3260 }, patience)).toEqual(done);
    }
    expect(await kept.ask('write -P 3 0 4k')).toContain('wrote 4096');
  });

  test('closing is not proven while a write of a cut session is stuck in the storage', async () => {
    const frozen = await freezableImage(world);
    spec = { ...spec, backing: { ...spec.backing, path: frozen.path } };
    await serve(first);
    const session = login(first.ip);
    await session.ask('write -P 1 0 4k');
    await frozen.freeze();
    try {
      void session.ask('write -P 2 0 4k');
      await frozen.writesStuck();
      const underWay = { kind: 'unknown', reason: expect.stringContaining('commands under way') };
      expect(await plane.target.ensureClosed(first, { deadlineMs: 1000 })).toMatchObject(underWay);
      expect(await plane.target.ensureRemoved(spec, { deadlineMs: 1000 })).toMatchObject({ kind: 'unknown' });
    } finally {
      await frozen.thaw();
    }
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    await frozen.unmount();
  });

  test('a disk without an open path cannot be reached through the portal of another disk', async () => {
    const other = { ...spec, disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002' };
    await serve(first);
    expect(await plane.target.ensureDefined({ ...other, backing: spec.backing }, patience)).toEqual(done);
    expect(await tryData(world, first.ip, other.iqn)).toMatch(/Target error/);
    expect(await plane.target.ensureOpen({ ...second, iqn: other.iqn }, patience)).toEqual(done);
    expect(await tryData(world, second.ip, other.iqn)).toContain('wrote 65536');
    expect(await plane.target.ensureClosed({ ...second, iqn: other.iqn }, patience)).toEqual(done);
    expect(await tryData(world, first.ip, other.iqn)).toMatch(/Target error/);
  });

  test('removing a target ends the sessions that came through portals of other disks', async () => {
    await serve(first, second);
    const stray = login(second.ip);
    await stray.ask('read 0 4k');
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    expect(await plane.target.observe(patience)).toMatchObject({ value: { targets: [] } });
  });

  test('only the named initiators get in', async () => {
    const name = 'iqn.1994-05.com.example:one';
    spec = { ...spec, access: { initiators: [name] } };
    await serve(first);
    expect(await inquire(world, first.ip, iqn, name)).toContain('Vendor:PATHWRDN');
    expect(await inquire(world, first.ip, iqn, 'iqn.1994-05.com.example:on')).toContain('Target not found');
    spec = { ...spec, access: { initiators: ['iqn.1994-05.com.example:on'] } };
    await serve(first);
    expect(await inquire(world, first.ip, iqn, name)).toContain('Target not found');
  });

  test('a CHAP secret lets in who knows it, and the old one counts while its target is there', async () => {
    const secretFile = join(world.folder, 'secret');
    const chap = { user: 'ada', secretFile };
    spec = { ...spec, access: { initiators: [], chap } };
    expect(await plane.target.ensureDefined(spec, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ENOENT'),
    });
    await writeFile(secretFile, 'correcthorse1\n');
    await serve(first);
    await serve(first);
    expect(await tryData(world, first.ip, iqn, 'ada%correcthorse1@')).toContain('wrote 65536');
    expect(await tryData(world, first.ip, iqn, 'ada%wronghorse123@')).toMatch(/Authentication failure/);
    expect(await tryData(world, first.ip, iqn)).toMatch(/Authentication failure|Failed to log in/);
    await writeFile(secretFile, 'newerhorse12\n');
    await serve(first);
    expect(await tryData(world, first.ip, iqn, 'ada%newerhorse12@')).toMatch(/Authentication failure/);
    expect(await tryData(world, first.ip, iqn, 'ada%correcthorse1@')).toContain('wrote 65536');
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    await serve(first);
    expect(await tryData(world, first.ip, iqn, 'ada%newerhorse12@')).toContain('wrote 65536');
  });

  test('by mutual CHAP the target proves itself to the initiator', async () => {
    const [secretFile, targetFile] = [join(world.folder, 'secret'), join(world.folder, 'target-secret')];
    const own = { user: 'ada', secretFile };
    const both = { initiators: [], chap: { ...own, mutual: { user: 'disk', secretFile: targetFile } } };
    spec = { ...spec, access: both };
    await writeFile(secretFile, 'correcthorse1');
    await writeFile(targetFile, 'correcthorse1');
    expect(await plane.target.ensureDefined(spec, patience)).toEqual({
      kind: 'refused',
      reason: 'CHAP users ada and disk have the same secret',
    });
    await writeFile(targetFile, 'batterystaple');
    await serve(first);
    await serve(first);
    const login = (ofTarget: string) => inquireMutually(world, first.ip, iqn, 'ada%correcthorse1', ofTarget);
    expect(await login('disk%batterystaple')).toContain('Vendor:PATHWRDN');
    expect(await login('disk%wrongstaple12')).not.toContain('Vendor:');
    expect(await login('desk%batterystaple')).not.toContain('Vendor:');
    const view = await plane.target.observe(patience);
    expect(view).toMatchObject({ value: { targets: [{ rules: { users: ['ada'] } }] } });
    spec = { ...spec, access: { initiators: [], chap: own } };
    await serve(first);
    expect(await login('disk%batterystaple')).not.toContain('Vendor:');
    expect(await tryData(world, first.ip, iqn, 'ada%correcthorse1@')).toContain('wrote 65536');
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
  });

  test.each([1, 2, 3, 4, 5, 6])('a definition cut short at change %i is completed by a new instance', async (stop) => {
    let changes = 0;
    const dying: Run = async (argv, options) => {
      const changing = argv.some((word) => ['new', 'bind', 'update'].includes(word));
      if (changing && ++changes >= stop) {
        return { kind: 'unknown', reason: 'the process ended', command: argv.join(' '), durationMs: 0 };
      }
      return world.gateway(argv, options);
    };
    const half = tgtDataPlane({ run: dying, controlPort: world.controlPort });
    expect(await half.target.ensureDefined(spec, patience)).toMatchObject({ kind: 'unknown' });
    expect(await tryData(world, '127.0.0.1', iqn)).not.toContain('wrote');
    await serve(first);
    expect(await tryData(world, first.ip, iqn)).toContain('wrote 65536');
    expect(await inquire(world, first.ip, iqn, 'iqn.a:b')).toContain('Vendor:PATHWRDN');
  });

  test('a LUN, a rule and a state changed by hand are seen, and put right by defining and opening', async () => {
    await serve(first);
    const tid = String(0x1);
    const shown = async () => {
      const view = await plane.target.observe(patience);
      const [target] = view.kind === 'done' ? view.value.targets : [];
      return { wwn: target?.wwn, initiators: target?.rules?.initiators, accepts: target?.accepts };
    };
    expect(await shown()).toEqual({ wwn: spec.wwn, initiators: null, accepts: true });
    await admin('--mode', 'logicalunit', '--op', 'delete', '--tid', tid, '--lun', '1');
    expect(await shown()).toEqual({ wwn: null, initiators: null, accepts: true });
    await serve(first);
    await admin('--mode', 'target', '--op', 'unbind', '--tid', tid, '-I', 'ALL');
    await admin('--mode', 'target', '--op', 'update', '--tid', tid, '-n', 'state', '-v', 'offline');
    expect(await shown()).toEqual({ wwn: spec.wwn, initiators: [], accepts: false });
    await serve(first);
    expect(await shown()).toEqual({ wwn: spec.wwn, initiators: null, accepts: true });
    expect(await tryData(world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
  });

  test('targets and portals of others are left alone', async () => {
    const others = 'iqn.2001-01.com.example:theirs';
    await admin('--mode', 'target', '--op', 'new', '--tid', '1000', '-T', others);
    await serve(first);
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    expect(await plane.target.observe(patience)).toMatchObject({
      kind: 'done',
      value: { targets: [{ iqn: others, sessions: 0 }], portals: [{ ip: '127.0.0.1', port: 3260 }] },
    });
  });

  test('a target number that another target has is refused, not replaced', async () => {
    await admin('--mode', 'target', '--op', 'new', '--tid', '1', '-T', 'iqn.2001-01.com.example:theirs');
    expect(await plane.target.ensureDefined(spec, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('would look like one'),
    });
  });

  test('a tgtd that hangs or is gone leaves everything unknown, never empty', async () => {
    await serve(first);
    world.tgtd.kill('SIGSTOP');
    const short = { deadlineMs: 200 };
    expect(await plane.target.observe(short)).toMatchObject({ kind: 'unknown' });
    expect(await plane.target.ensureClosed(first, short)).toMatchObject({ kind: 'unknown' });
    expect(await plane.target.ensureRemoved(spec, short)).toMatchObject({ kind: 'unknown' });
    world.tgtd.kill('SIGCONT');
    expect(await plane.target.observe(patience)).toMatchObject({ kind: 'done' });
    await ended(world.tgtd);
    expect(await plane.target.observe(patience)).toMatchObject({ kind: 'unknown' });
    expect(await plane.target.ensureDefined(spec, patience)).toMatchObject({ kind: 'unknown' });
  });

  test('a tgtd that listens on every address is refused with the way to mend it', async () => {
    await world.close();
    await start({ portal: '0.0.0.0:3260' });
    const wildcard = { kind: 'refused', code: 'wildcard', reason: expect.stringContaining('0.0.0.0:3260') };
    expect(await plane.target.ensureDefined(spec, patience)).toMatchObject(wildcard);
    expect(await plane.target.observe(patience)).toMatchObject({ value: { portals: [{ ip: '0.0.0.0' }] } });
  });
});
