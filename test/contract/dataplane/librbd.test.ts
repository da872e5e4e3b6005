// An image of a real Ceph, served by real target daemons through librbd to a real initiator.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagesLook } from '../../../adapters/backstore/look.ts';
import { cephStorageFence } from '../../../adapters/fence/ceph-clear.ts';
import { createRunner } from '../../../adapters/run.ts';
import { tgtLook } from '../../../adapters/target/tgt-look.ts';
import { tgtRbdImages } from '../../../adapters/target/tgt-rbd.ts';
import { done } from '../../../src/ports/outcome.ts';
import type { RbdBacking, RbdImage } from '../../../src/ports/dataplane.ts';
import { backstoreContract } from './backstore-contract.ts';
import { type CephCluster, cephMissing, startCeph } from './ceph-cluster.ts';
import { type Gateway, startGateway, tgtRbdMissing } from './tgtd-here.ts';

const run = createRunner();
const patience = { deadlineMs: 20_000 };
const iqn = 'iqn.2026-11.io.pathwarden:00001';
const request = { disk: '00001', spec: { kind: 'rbd', pool: 'rbd', image: 'one' } } as const;
const megabyte = 1024 * 1024;

// Without Debian's packages there is nothing real to run.
describe.skipIf(cephMissing() || tgtRbdMissing())('an image of Ceph that tgt opens through librbd', () => {
  let ceph: CephCluster;
  let first: Gateway | undefined;
  let second: Gateway | undefined;
  const gateway = (which: Gateway | undefined): Gateway => {
    if (which === undefined) throw new Error('the gateway did not start');
    return which;
  };
  const attach = (on: Gateway, spec: RbdImage) =>
    on.plane.backstore.ensureAttached({ disk: '00001', spec }, patience);
  const backingOn = async (on: Gateway): Promise<RbdBacking> => {
    const attached = await attach(on, request.spec);
    if (attached.kind !== 'done' || attached.value.kind !== 'rbd') throw new Error(JSON.stringify(attached));
    return attached.value;
  };
  const serve = async (on: Gateway): Promise<void> =>
    on.serve({ disk: '00001', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing: await backingOn(on) });

  beforeAll(async () => {
    ceph = await startCeph();
    await ceph.must('rbd', 'create', 'rbd/one', '--size', '64');
    await ceph.addUser('gateway', ['mon', 'profile rbd', 'osd', 'profile rbd']);
    // One after the other: when the second does not start, the first is known, and ended.
    first = await startGateway({ conf: ceph.conf, id: 'gateway' }, '127.0.0.5', iqn);
    second = await startGateway({ conf: ceph.conf, id: 'gateway' }, '127.0.0.6', iqn);
  }, 90_000);
  afterAll(async () => {
    await Promise.all([first?.close(), second?.close()]);
    await ceph?.close();
  });

  test('is listed for the doctor, and no other one', async () => {
    const images = imagesLook({ run, conf: ceph.conf, id: 'gateway' });
    expect(await images.inPool(request.spec)).toEqual(done(new Map([['one', 64 * megabyte]])));
    expect(await images.inPool({ ...request.spec, pool: 'nowhere' })).toMatchObject({ kind: 'refused', code: 'gone' });
    expect(await images.uncached(request.spec)).toMatchObject({ kind: 'refused', code: 'cached' });
  });

  test('is refused while each gateway would cache it for itself', async () => {
    expect(await attach(gateway(first), request.spec)).toEqual({
      kind: 'refused',
      code: 'cached',
      reason: 'each gateway would cache image rbd/one for itself: rbd config pool set rbd rbd_cache false',
    });
    await ceph.must('rbd', 'config', 'pool', 'set', 'rbd', 'rbd_cache', 'false');
    const backing = { kind: 'rbd', path: 'rbd/one', sizeBytes: 64 * megabyte, conf: ceph.conf, id: 'gateway' };
    for (let time = 1; time <= 2; time += 1) {
      expect(await attach(gateway(first), request.spec)).toEqual(done(backing));
    }
  });

  let images = 0;
  backstoreContract('librbd', async () => {
    const image = `contract-${String((images += 1))}`;
    await ceph.must('rbd', 'create', image, '--size', '8');
    return {
      backstore: gateway(first).plane.backstore,
      spec: { kind: 'rbd', pool: 'rbd', image },
      sizeBytes: 8 * megabyte,
      grow: async () => void (await ceph.must('rbd', 'resize', image, '--size', '16', '--no-progress')),
      remove: async () => void (await ceph.must('rbd', 'remove', image, '--no-progress')),
    };
  });

  test('shows at each gateway what was written through the other one', async () => {
    for (const on of [gateway(first), gateway(second)]) await serve(on);
    expect(await gateway(first).ask('write -P 0x5a 0 64k')).toContain('wrote 65536');
    expect(await gateway(second).ask('read -P 0x5a 0 64k', 'write -P 0x6b 0 64k')).toMatch(/read 65536[^]*wrote 65536/);
    expect(await gateway(first).ask('read -P 0x6b 0 64k')).not.toMatch(/failed|error/i);
    const status = await ceph.must('rbd', 'status', 'one', '--format', 'json');
    expect((JSON.parse(status) as { watchers: readonly unknown[] }).watchers).toHaveLength(2);
  }, 30_000);

  test('stays as it is when it is defined again, and is never taken for a file of that name', async () => {
    await serve(gateway(first));
    const { target } = gateway(first).plane;
    const named = { disk: '00001', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] } };
    const backing = { kind: 'file', path: 'rbd/one', sizeBytes: 1 } as const;
    expect(await target.ensureDefined({ ...named, backing }, patience)).toEqual({
      kind: 'refused',
      reason: `LUN 1 of ${iqn} serves rbd/one through librbd`,
    });
  });

  test('is as large as it is now, and the target when it is defined anew; meanwhile the doctor sees both', async () => {
    await ceph.must('rbd', 'resize', 'one', '--size', '128', '--no-progress');
    expect((await backingOn(gateway(second))).sizeBytes).toBe(128 * megabyte);
    expect(await gateway(second).ask('length')).toContain('64 MiB');
    const { controlPort } = gateway(second);
    expect(await tgtLook({ run, controlPort }).shownMegabytes()).toEqual(done(new Map([['aabbccdd00000001', 67]])));
    const listed = await imagesLook({ run, conf: ceph.conf, id: 'gateway' }).inPool(request.spec);
    expect(listed.kind === 'done' && listed.value.get('one')).toBe(128 * megabyte);
    const { target } = gateway(second).plane;
    expect(await target.ensureRemoved({ disk: '00001', iqn }, patience)).toEqual(done(null));
    await serve(gateway(second));
    expect(await gateway(second).ask('length', 'read -P 0x6b 0 64k')).toMatch(/128 MiB[^]*read 65536/);
  }, 30_000);

  test('that does not exist is refused as gone, and one that cannot be read is unknown', async () => {
    const gone = { kind: 'refused', code: 'gone' };
    expect(await attach(gateway(first), { kind: 'rbd', pool: 'rbd', image: 'none' })).toMatchObject(gone);
    expect(await attach(gateway(first), { kind: 'rbd', pool: 'nowhere', image: 'one' })).toMatchObject(gone);
    const nobody = await startGateway({ conf: ceph.conf, id: 'nobody' }, '127.0.0.7', iqn);
    try {
      expect(await attach(nobody, request.spec)).toMatchObject({ kind: 'unknown' });
    } finally {
      await nobody.close();
    }
    const hasty = await gateway(first).plane.backstore.ensureAttached(request, { deadlineMs: 1 });
    expect(hasty).toMatchObject({ kind: 'unknown' });
  }, 30_000);

  test('in a namespace is refused, for tgt cannot name it', async () => {
    await ceph.must('rbd', 'namespace', 'create', 'rbd/apart');
    await ceph.must('rbd', 'create', 'rbd/apart/one', '--size', '8');
    const attached = await attach(gateway(first), { kind: 'rbd', pool: 'rbd', namespace: 'apart', image: 'one' });
    if (attached.kind !== 'done') throw new Error(attached.reason);
    expect(attached.value).toMatchObject({ path: 'rbd/apart/one', sizeBytes: 8 * megabyte });
    const named = { disk: '2', iqn: `${iqn}2`, wwn: 'aabbccdd00000002', access: { initiators: [] } };
    const { target } = gateway(first).plane;
    expect(await target.ensureDefined({ ...named, backing: attached.value }, patience)).toEqual({
      kind: 'refused',
      reason: 'tgt can open no image in a namespace, as rbd/apart/one is',
    });
  });

  test('is let go by the target before the node may take itself off the blocklist', async () => {
    const on = gateway(second);
    const settings = { run, conf: ceph.conf, id: 'admin', nodes: { gw2: ['127.0.0.12'] } };
    const storage = cephStorageFence(settings, 'gw2', {
      openInTarget: tgtRbdImages({ run, controlPort: on.controlPort }),
    });
    expect(await on.plane.target.ensureRemoved({ disk: '00001', iqn }, patience)).toEqual(done(null));
    await ceph.at('127.0.0.12', () => serve(on));
    expect(await ceph.must('rbd', 'status', 'one')).toContain('watcher=127.0.0.12:0/');
    await ceph.must('ceph', 'osd', 'blocklist', 'add', '127.0.0.12:0/0', '86400');
    await ceph.must('ceph', 'tell', 'osd.*', 'get_latest_osdmap');
    expect(await on.ask('write -P 0x7c 0 64k')).toContain('failed');
    expect(await storage.ensureCleared(patience)).toEqual({
      kind: 'refused',
      reason: `tgtd still has rbd/one of target ${iqn} open: delete that LUN first`,
    });
    expect(await on.plane.target.ensureRemoved({ disk: '00001', iqn }, patience)).toEqual(done(null));
    expect(await on.plane.backstore.ensureDetached(request, patience)).toEqual(done(null));
    expect(await storage.ensureCleared(patience)).toEqual(done({ removed: ['127.0.0.12:0/0'] }));
    await ceph.at('127.0.0.12', () => serve(on));
    expect(await on.ask('read -P 0x6b 0 64k', 'write -P 0x7c 0 64k')).toMatch(/read 65536[^]*wrote 65536/);
    expect(await gateway(first).ask('read -P 0x7c 0 64k')).not.toMatch(/failed|error/i);
  }, 60_000);
});
