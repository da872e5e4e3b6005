// What the backstores that map and activate ask of the host, and which answers they take for what. The words are those
// of rbd 16.2.15 and LVM 2.03.16; their kernel parts are played (test/contract/dataplane/block-host.ts).
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backstoreByKind } from '../../adapters/backstore/by-kind.ts';
import { lvmBackstore } from '../../adapters/backstore/lvm.ts';
import { rbdBackstore } from '../../adapters/backstore/rbd.ts';
import { done } from '../../src/ports/outcome.ts';
import { type BlockHost, blockHost, ourFsid } from '../contract/dataplane/block-host.ts';
import { recordingRunner } from './recording-runner.ts';

const patience = { deadlineMs: 1000 };
const conf = '/etc/ceph/ceph.conf';
const spec = { kind: 'rbd', pool: 'rbd', image: 'one' } as const;
const request = { disk: '1', spec };
const unmapOf = (device: string): string => `rbd device unmap --device-type krbd ${device}`;
const mapped = { kind: 'done', value: { kind: 'block', path: '/dev/rbd0', sizeBytes: 4096 } };

let host: BlockHost;
const krbd = (mapOptions?: string) =>
  rbdBackstore({ run: host.run, conf, id: 'gw', via: 'krbd', ...(mapOptions === undefined ? {} : { mapOptions }) });

beforeEach(() => {
  host = blockHost();
  host.images.set('rbd/one', 4096);
});

test('a kind that a node does not serve is refused, and keeps no path there', async () => {
  const backstore = backstoreByKind({ lvm: lvmBackstore({ run: host.run }) });
  expect(await backstore.ensureAttached(request, patience)).toMatchObject({ kind: 'refused' });
  expect(await backstore.ensureDetached(request, patience)).toEqual(done(null));
});

describe('the kernel mapping of an image', () => {
  test('asks what is mapped, maps, and looks at the device', async () => {
    const { run, asked } = recordingRunner({ 'rbd device list': { stdout: '[]' } });
    const settings = { run, conf: '/c', id: 'gw', via: 'krbd', mapOptions: 'ms_mode=crc' } as const;
    await rbdBackstore(settings).ensureAttached(request, patience);
    expect(asked.map(({ argv }) => argv)).toEqual([
      'rbd device list --device-type krbd --format json --conf /c --id gw',
      'rbd device map --device-type krbd --options ms_mode=crc rbd/one --conf /c --id gw',
    ]);
  });

  test('leaves every other device alone: other pools, namespaces, names, snapshots and clusters', async () => {
    const others = [
      { name: 'rbd2/one', fsid: ourFsid, snap: '-' }, { name: 'rbd/apart/one', fsid: ourFsid, snap: '-' },
      { name: 'rbd/one1', fsid: ourFsid, snap: '-' }, { name: 'rbd/one', fsid: ourFsid, snap: 'monday' },
      { name: 'rbd/one', fsid: '00000000-0000-4000-8000-000000000000', snap: '-' },
    ];
    others.forEach((other, at) => host.devices.set(`/dev/rbd${String(at + 1)}`, other));
    expect(await krbd().ensureDetached(request, patience)).toEqual(done(null));
    expect(host.changes).toEqual([]);
    expect(await krbd().ensureAttached(request, patience)).toEqual(mapped);
    expect(host.devices.get('/dev/rbd0')).toMatchObject({ name: 'rbd/one', fsid: ourFsid });
    expect(await krbd().ensureDetached(request, patience)).toEqual(done(null));
    expect([...host.devices.values()]).toEqual(others);
  });

  test('finds the device of a map command whose end nobody saw, and unmaps each one that came of it', async () => {
    host.troubles.set('rbd device map', { code: 'unknown', applied: true });
    expect(await krbd().ensureAttached(request, patience)).toMatchObject({ kind: 'unknown' });
    expect(await krbd().ensureAttached(request, patience)).toEqual(mapped);
    expect(host.changes).toHaveLength(1);
    host.devices.set('/dev/rbd10', { name: 'rbd/one', fsid: ourFsid, snap: '-' });
    expect(await krbd().ensureAttached(request, patience)).toEqual(mapped);
    expect(await krbd().ensureDetached(request, patience)).toEqual(done(null));
    expect(host.changes.slice(1)).toEqual([unmapOf('/dev/rbd0'), unmapOf('/dev/rbd10')]);
  });

  const busy = 'rbd: sysfs write failed\nrbd: unmap failed: (16) Device or resource busy';
  test('is not gone while somebody has it open, nor when nobody knows', async () => {
    await krbd().ensureAttached(request, patience);
    host.troubles.set('rbd device unmap', { code: 16, stderr: busy });
    expect(await krbd().ensureDetached(request, patience)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('Device or resource busy'),
    });
    host.troubles.set('rbd device unmap', { code: 'unknown' });
    expect(await krbd().ensureDetached(request, patience)).toMatchObject({ kind: 'unknown' });
    expect(await krbd().ensureDetached(request, patience)).toEqual(done(null));
  });

  const lists = [
    { code: 'unknown' }, { code: 1, stderr: 'no' }, { code: 0, stdout: '' }, { code: 0, stdout: '{}' },
    { code: 0, stdout: '[{"id":"0"}]' },
    { code: 0, stdout: '[{"id":"0","pool":"rbd","namespace":"","name":"one","snap":"-","device":"rbd0"}]' },
  ] as const;
  test.each(lists)('takes no failed list for an empty one: %j', async (trouble) => {
    for (const verb of ['ensureAttached', 'ensureDetached'] as const) {
      host.troubles.set('rbd device list', trouble);
      expect(await krbd()[verb](request, patience)).toMatchObject({
        kind: 'unknown', reason: expect.stringContaining('what is mapped here cannot be read'),
      });
    }
    expect(host.changes).toEqual([]);
  });

  test.each(['cat', 'ceph-conf'])('changes nothing when %s cannot tell the cluster', async (program) => {
    await krbd().ensureAttached(request, patience);
    for (const verb of ['ensureAttached', 'ensureDetached'] as const) {
      host.troubles.set(program, { code: 1, stderr: 'unable to open' });
      expect(await krbd()[verb](request, patience)).toMatchObject({ kind: 'unknown' });
    }
    expect(host.changes).toHaveLength(1);
  });

  test('goes by the names where the configuration does not say which cluster it is', async () => {
    host.devices.set('/dev/rbd0', { name: 'rbd/one', fsid: 'another', snap: '-' });
    host.troubles.set('ceph-conf', { code: 1 });
    expect(await krbd().ensureAttached(request, patience)).toEqual(mapped);
  });

  const failures: readonly (readonly [string, string])[] = [
    ['refused', 'rbd: sysfs write failed\nrbd: map failed: (6) No such device or address'],
    ['refused', 'rbd: failed to get mon address (possible ms_mode mismatch)'],
    ['unknown', 'rbd: udev wait failed\nrbd: map failed: (105) No buffer space available'],
    ['unknown', 'rbd: mapping succeeded but /dev/rbd0 is not accessible, is host /dev mounted?'],
  ];
  test.each(failures)('is %s when rbd says: %s', async (kind, stderr) => {
    host.troubles.set('rbd device map', { code: 6, stderr });
    expect(await krbd().ensureAttached(request, patience)).toMatchObject({ kind });
  });
});

describe('the mapping by rbd-nbd', () => {
  let root: string;
  const nbd = () => rbdBackstore({ run: host.run, conf, id: 'gw', via: 'nbd', root });
  const program = async (pid: number, ...argv: readonly string[]): Promise<void> => {
    await mkdir(join(root, 'proc', String(pid)), { recursive: true });
    await writeFile(join(root, 'proc', String(pid), 'comm'), 'rbd-nbd\n');
    await writeFile(join(root, 'proc', String(pid), 'cmdline'), ['/usr/bin/rbd-nbd', ...argv, ''].join('\0'));
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pathwarden-'));
    await mkdir(join(root, 'proc/self'), { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true }));

  test('is of its own type, and refused while the image would be cached', async () => {
    host.troubles.set('rbd config image', { code: 0, stdout: '[{"name":"rbd_cache","value":"true"}]' });
    expect(await nbd().ensureAttached(request, patience)).toMatchObject({ kind: 'refused', code: 'cached' });
    expect(host.changes).toEqual([]);
    expect(await nbd().ensureAttached(request, patience)).toMatchObject({ value: { path: '/dev/nbd0' } });
    expect(await nbd().ensureDetached(request, patience)).toEqual(done(null));
    expect(host.changes).toEqual([
      'rbd device map --device-type nbd rbd/one',
      'rbd device unmap --device-type nbd /dev/nbd0',
    ]);
  });

  test('is refused while the image is cached, also where it is mapped already', async () => {
    const backstore = nbd();
    expect(await backstore.ensureAttached(request, patience)).toMatchObject({ kind: 'done' });
    host.troubles.set('rbd config image', { code: 0, stdout: '[{"name":"rbd_cache","value":"true"}]' });
    expect(await backstore.ensureAttached(request, patience)).toMatchObject({ kind: 'refused', code: 'cached' });
  });

  const settings = [
    ['[{"name":"rbd_cache","value":"false"},{"name":"rbd_persistent_cache_mode","value":"ssd"}]', 'refused'],
    ['[]', 'refused'], ['', 'unknown'], ['{}', 'unknown'],
  ] as const;
  test.each(settings)('with the settings %s is %s', async (stdout, kind) => {
    host.troubles.set('rbd config image', { code: 0, stdout });
    expect(await nbd().ensureAttached(request, patience)).toMatchObject({ kind });
    expect(host.changes).toEqual([]);
  });

  test('stays while somebody has the device, and when nobody knows: the kernel would take it away', async () => {
    await nbd().ensureAttached(request, patience);
    host.troubles.set(process.execPath, { code: 1, stderr: "Error: EBUSY: resource busy, open '/dev/nbd0'" });
    expect(await nbd().ensureDetached(request, patience)).toEqual({
      kind: 'refused', reason: '/dev/nbd0 is in use: Device or resource busy',
    });
    host.troubles.set(process.execPath, { code: 'unknown' });
    expect(await nbd().ensureDetached(request, patience)).toMatchObject({ kind: 'unknown' });
    expect(host.changes).toEqual(['rbd device map --device-type nbd rbd/one']);
  });

  test('that is not listed afterwards is unknown', async () => {
    host.troubles.set('rbd device map', { code: 0, stdout: '/dev/nbd0\n' });
    expect(await nbd().ensureAttached(request, patience)).toEqual({
      kind: 'unknown', reason: 'rbd/one was mapped as /dev/nbd0, and is not there',
    });
  });

  const holders = [
    ['map', 'rbd/one'], ['--conf', '/c', 'map', '--device', '/dev/nbd3', 'rbd/one'], ['map', 'one', '-p', 'rbd'],
    ['attach', '--device', '/dev/nbd3', 'rbd/one'],
  ];
  test.each(holders)('is neither there nor gone while rbd-nbd runs without a device: %j', async (...argv) => {
    await program(99, ...argv);
    for (const verb of ['ensureAttached', 'ensureDetached'] as const) {
      expect(await nbd()[verb](request, patience)).toEqual({
        kind: 'unknown', reason: 'rbd-nbd (process 99) still has rbd/one open',
      });
    }
    expect(host.changes).toEqual([]);
  });

  test('does not mind rbd-nbd with its device, with other images, nor one that unmaps', async () => {
    await program(4711, 'map', 'rbd/one');
    await program(98, 'map', 'rbd/one1');
    await program(99, 'map', 'rbd/apart/one');
    await program(100, 'unmap', '/dev/nbd0');
    host.devices.set('/dev/nbd0', { name: 'rbd/one', fsid: ourFsid, snap: '-' });
    expect(await nbd().ensureAttached(request, patience)).toMatchObject({ value: { path: '/dev/nbd0' } });
  });

  test('is unknown where processes cannot be read', async () => {
    await rm(join(root, 'proc'), { recursive: true });
    expect(await nbd().ensureDetached(request, patience)).toMatchObject({ kind: 'unknown' });
  });
});

describe('a logical volume', () => {
  const volume = { disk: '1', spec: { kind: 'lvm', group: 'shared', volume: 'one' } } as const;
  const lvm = () => lvmBackstore({ run: host.run });
  const report = (lv_attr: string) => JSON.stringify({ report: [{ lv: [{ lv_attr, vg_lock_type: '' }] }] });

  test.each([['', '-ay'], ['none', '-ay'], ['sanlock', '-asy'], ['dlm', '-asy']])(
    'of a group with the lock type "%s" is activated by %s, and never for one host alone',
    async (lock, how) => {
      host = blockHost(lock);
      host.images.set('shared/one', 4096);
      expect(await lvm().ensureAttached(volume, patience)).toEqual({
        kind: 'done', value: { kind: 'block', path: '/dev/shared/one', sizeBytes: 4096 },
      });
      expect(await lvm().ensureDetached(volume, patience)).toEqual(done(null));
      expect(host.changes).toEqual([`lvchange ${how} shared/one`, 'lvchange -an shared/one']);
    },
  );

  const doubts = [
    // As LVM says it where the kernel has no device-mapper, with exit code 0.
    { code: 0, stdout: report('-wi-XX----') }, { code: 0, stdout: '' }, { code: 0, stdout: '{"report":[]}' },
    { code: 5, stderr: '  Cannot process volume group shared' }, { code: 'unknown' },
  ] as const;
  test.each(doubts)('is neither active nor inactive when LVM answers %j', async (trouble) => {
    host.images.set('shared/one', 4096);
    for (const verb of ['ensureAttached', 'ensureDetached'] as const) {
      host.troubles.set('lvs', trouble);
      expect(await lvm()[verb](volume, patience)).toMatchObject({ kind: 'unknown' });
    }
    expect(host.changes).toEqual([]);
  });

  test('that LVM does not find is gone only when its device is, too', async () => {
    expect(await lvm().ensureDetached(volume, patience)).toEqual(done(null));
    host.images.set('other/one', 4096);
    host.devices.set('/dev/shared/one', { name: 'other/one', fsid: '', snap: '' });
    expect(await lvm().ensureDetached(volume, patience)).toMatchObject({ kind: 'unknown' });
  });

  test('that is in use stays active, and says so', async () => {
    host.images.set('shared/one', 4096);
    await lvm().ensureAttached(volume, patience);
    host.troubles.set('lvchange', { code: 5, stderr: '  Logical volume shared/one in use.' });
    expect(await lvm().ensureDetached(volume, patience)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('in use'),
    });
  });
});
