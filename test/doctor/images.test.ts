import { describe, expect, it } from 'vitest';
import type { DiskSpec } from '../../src/core/records.ts';
import type { RbdImage } from '../../src/ports/dataplane.ts';
import { done, refused, unknown } from '../../src/ports/outcome.ts';
import { disk, doctorOn, privateFile, rightHost } from './given.ts';

const on = (backstore: DiskSpec['backstore']) => ({ 'disks/00001': disk('00001', { backstore }) });
const rbd = { kind: 'rbd', pool: 'rbd', image: 'image-00001' } as const;
const image = (more = {}) => on({ ...rbd, ...more });

describe('of images on Ceph', () => {
  it('one that its user sees, and that nobody caches, is right', async () => {
    const said = await doctorOn({ keys: image() });
    expect(said.of('disks', 'images')).toBe('ok: 1 of kind rbd, all here');
    expect(said.notRight).toEqual([]);
  });

  it('one that is not in its pool is a failure, with a look into that pool', async () => {
    const said = await doctorOn({ keys: image({ pool: 'fast', namespace: 'a', image: 'other' }) });
    expect(said.of('disks', 'image of 00001')).toBe(
      'failure: other does not exist → rbd ls --long fast/a --conf /etc/ceph/ceph.conf --id pathwarden',
    );
  });

  it('whether others are cached is not asked of one that is not there', async () => {
    const uncached = async ({ image: name }: RbdImage) =>
      name === 'image-00001' ? done(null) : refused(`image rbd/${name} does not exist`, 'gone');
    const keys = { ...image({ image: 'other' }), 'disks/00002': disk('00002', { backstore: rbd }) };
    const said = await doctorOn({ keys, images: { uncached } });
    expect(said.of('disks', 'image of 00001')).toMatch(/^failure: other does not exist/);
    expect(said.of('disks', 'cache of rbd')).toBe('nothing');
  });

  it('a pool that does not exist is a failure', async () => {
    const inPool = async () => refused('there is no pool rbd', 'gone');
    const said = await doctorOn({ keys: image(), images: { inPool } });
    expect(said.of('disks', 'images')).toMatch(/^failure: there is no pool rbd → rbd ls --long rbd /);
  });

  it('one that was resized while tgtd has it open is a warning', async () => {
    const given = (megabytes: number) => ({
      keys: image(),
      shown: { '00001': megabytes },
      images: { inPool: async () => done(new Map([['image-00001', 134_217_728]])) },
    });
    expect((await doctorOn(given(134))).notRight).toEqual([]);
    expect((await doctorOn(given(67))).of('disks', 'image of 00001')).toMatch(
      /^warning: rbd\/image-00001 has 134 MB now, and initiators see 67 MB here → pathwarden node drain gw1 /,
    );
  });

  it('a pool that cannot be read leaves its images unknown', async () => {
    const said = await doctorOn({ keys: image(), images: { inPool: async () => unknown('no answer') } });
    expect(said.of('disks', 'images')).toBe('unknown: no answer');
    expect(said.of('disks', 'image of 00001')).toBe('nothing');
  });

  it('a cache is a failure to whoever uses librbd, and nothing to the kernel', async () => {
    const given = { keys: image(), images: { uncached: async () => refused('each gateway would cache it', 'cached') } };
    const said = await doctorOn(given);
    expect(said.of('disks', 'cache of rbd')).toMatch(/^failure: .* → rbd config pool set rbd rbd_cache false$/);
    const mapped = await doctorOn({ ...given, config: 'ceph: { via: krbd }' });
    expect(mapped.of('disks', 'cache of rbd')).toBe('nothing');
  });

  it('what opens it has to be here: a module, a program or a part of tgt', async () => {
    const kernelModule = async (name: string) => done(name === 'rbd' ? null : ('loaded' as const));
    const kernel = await doctorOn({ config: 'ceph: { via: krbd }', keys: image(), host: { kernelModule } });
    expect(kernel.of('disks', 'rbd')).toMatch(/^failure: this kernel has no such module/);
    const program = async (name: string) => (name === 'rbd-nbd' ? done(null) : rightHost.program(name));
    const nbd = await doctorOn({ config: 'ceph: { via: nbd }', keys: image(), host: { program } });
    expect(nbd.of('disks', 'rbd-nbd')).toBe('failure: is not installed → apt-get install rbd-nbd');
    const file = async (path: string) => (path.endsWith('/bs_rbd.so') ? done(null) : rightHost.file(path));
    const tgt = await doctorOn({ keys: image(), host: { file } });
    expect(tgt.of('disks', 'tgt and rbd')).toMatch(/^unknown: .* is not there → apt-get install tgt-rbd$/);
    const shut = async (path: string) => (path.endsWith('/bs_rbd.so') ? unknown('EACCES') : rightHost.file(path));
    const unseen = await doctorOn({ keys: image(), host: { file: shut } });
    expect(unseen.of('disks', 'tgt and rbd')).toMatch(/^unknown: .*bs_rbd\.so: EACCES$/);
  });

  const drivers = [['krbd', 'rbd'], ['nbd', 'nbd']] as const;
  it.each(drivers)('what %s needs of the kernel is loaded before the daemon', async (via, name) => {
    const host = { kernelModule: async () => done('can be loaded' as const) };
    const said = await doctorOn({ config: `ceph: { via: ${via} }`, keys: image(), host });
    expect(said.of('disks', name)).toMatch(new RegExp(`^failure: is not loaded, .* → modprobe ${name} && `));
  });
});

describe('of images elsewhere', () => {
  it('a device that is a regular file is a failure', async () => {
    const said = await doctorOn({ keys: on({ kind: 'block', path: '/dev/disk/by-id/one' }) });
    expect(said.of('disks', 'image of 00001')).toMatch(/^failure: .* is not a device → ls -ld /);
    const file = async (path: string) =>
      path.startsWith('/dev/') ? done({ ...privateFile, kind: 'device' as const }) : rightHost.file(path);
    const right = await doctorOn({ keys: on({ kind: 'block', path: '/dev/disk/by-id/one' }), host: { file } });
    expect(right.notRight).toEqual([]);
  });

  it('a volume that LVM does not list is a failure; only root can ask', async () => {
    const there = on({ kind: 'lvm', group: 'vg1', volume: 'disk-00001' });
    expect((await doctorOn({ keys: there })).notRight).toEqual([]);
    const missing = on({ kind: 'lvm', group: 'vg1', volume: 'gone' });
    expect((await doctorOn({ keys: missing })).of('disks', 'image of 00001')).toMatch(/^failure: vg1\/gone does not/);
    const other = await doctorOn({ keys: missing, host: { isRoot: false } });
    expect(other.of('disks', 'images')).toBe('unknown: only root can ask LVM → sudo pathwarden doctor');
  });
});

describe('of images that were resized while a target has them open', () => {
  const sized = async (path: string) => {
    if (path.startsWith('/var/')) return rightHost.file(path);
    const kind = path.startsWith('/dev/') ? ('device' as const) : ('file' as const);
    return done({ ...privateFile, kind, bytes: 134_217_728 });
  };
  const drained = '→ pathwarden node drain gw1   # when it is empty: pathwarden node undrain gw1; one gateway after ' +
    'the other, then rescan';

  it.each([
    ['a file', { kind: 'file', path: '/srv/1.img' }, '/srv/1.img has 134 MB'],
    ['a device', { kind: 'block', path: '/dev/disk/by-id/one' }, '/dev/disk/by-id/one has 134 MB'],
    ['a volume', { kind: 'lvm', group: 'vg1', volume: 'disk-00001' }, 'vg1/disk-00001 has 67 MB'],
  ] as const)('%s is a warning while initiators see another size', async (_, backstore, now) => {
    const given = (megabytes: number) => doctorOn({
      keys: on(backstore), host: { file: sized }, shown: { '00001': megabytes },
    });
    expect((await given(backstore.kind === 'lvm' ? 67 : 134)).notRight).toEqual([]);
    expect((await given(33)).of('disks', 'image of 00001')).toBe(
      `warning: ${now} now, and initiators see 33 MB here ${drained}`,
    );
  });

  it('the target is asked once for all of them', async () => {
    let asked = 0;
    const shownMegabytes = async () => done(new Map([['x', (asked += 1)]]));
    const keys = Object.fromEntries(['00001', '00002', '00003'].map((id) => [`disks/${id}`, disk(id)]));
    await doctorOn({ keys: { ...keys, 'disks/00004': disk('00004', { backstore: rbd }) }, sizes: { shownMegabytes } });
    expect(asked).toBe(1);
  });

  it('one of a device that does not tell its size is not known', async () => {
    const file = async () => done({ ...privateFile, kind: 'device' as const, bytes: 0 });
    const keys = on({ kind: 'block', path: '/dev/disk/by-id/one' });
    const said = await doctorOn({ keys, host: { file }, shown: { '00001': 33 } });
    expect(said.of('disks', 'image of 00001')).toBe('nothing');
  });
});

describe('of the target of the kernel', () => {
  const config = 'dataPlane: { kind: lio }\nceph: { via: krbd }';

  it('its modules are loaded and its tree can be written', async () => {
    const file = async (path: string) =>
      path.startsWith('/sys/') ? done({ ...privateFile, kind: 'directory' as const }) : rightHost.file(path);
    const said = await doctorOn({ config, host: { file } });
    expect(said.of('target', 'its configfs')).toBe('ok: /sys/kernel/config/target');
    expect(said.of('target', 'tgtd')).toBe('nothing');
    expect(said.notRight).toEqual([]);
  });

  it('a module that nobody loaded is a failure, and its tree is not asked for', async () => {
    const said = await doctorOn({ config, host: { kernelModule: async () => done('can be loaded') } });
    expect(said.of('target', 'iscsi_target_mod')).toMatch(/^failure: is not loaded.* → modprobe iscsi_target_mod /);
    expect(said.of('target', 'its configfs')).toBe('nothing');
  });

  it('a configfs that is not mounted is a failure', async () => {
    const file = async (path: string) => (path.startsWith('/sys/') ? done(null) : rightHost.file(path));
    const said = await doctorOn({ config, host: { file } });
    expect(said.of('target', 'its configfs')).toMatch(/^failure: .* → systemctl start sys-kernel-config\.mount$/);
  });
});
