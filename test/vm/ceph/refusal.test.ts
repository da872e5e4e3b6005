// What holds on to a mapped image: a target, a Ceph that hangs, and the node that Ceph refuses.
import { describe, expect, test } from 'vitest';
import { lioDataPlane } from '../../../adapters/dataplane.ts';
import { cephStorageFence } from '../../../adapters/fence/ceph-clear.ts';
import { cephClientsHere } from '../../../adapters/fence/ceph-clients.ts';
import { done } from '../../../src/ports/outcome.ts';
import type { RbdImage } from '../../../src/ports/dataplane.ts';
import { patience } from '../../contract/dataplane/world.ts';
import { until } from '../../lab/clock.ts';
import {
  admin, attach, backingOf, detach, deviceOf, type Kind, kinds, letterIn, must, newImage, place, remotely, run,
  settingsOf, write,
} from './rig.ts';

/** Long enough to get there on a quiet machine; whoever did not asks again. */
const short = { deadlineMs: 8000 };

describe.concurrent('a target of the kernel', () => {
  test.each([['krbd', 1], ['nbd', 2]] as const)('serves an image by %s, and keeps its device', async (via, disk) => {
    const iqn = `iqn.2026-11.io.pathwarden:${via}`;
    const portal = { iqn, ip: '10.0.2.15', port: 3260 + disk, tag: 1 };
    const ask = (command: string) =>
      must('qemu-io', '-f', 'raw', '-c', command, `iscsi://${portal.ip}:${String(portal.port)}/${iqn}/1`);
    const spec = await newImage();
    const { target } = lioDataPlane({ run, ceph: settingsOf(via) });
    const backing = await backingOf(via, spec);
    const named = { disk: String(disk), iqn, wwn: `aabbccdd0000000${String(disk)}`, access: { initiators: [] } };
    expect(await target.ensureDefined({ ...named, backing }, patience)).toEqual(done(null));
    expect(await target.ensureOpen(portal, patience)).toEqual(done(null));
    expect(await ask('write -P 0x61 0 4k')).toContain('wrote 4096');
    expect(await detach(via, spec)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('resource busy'),
    });
    expect(await ask('read -P 0x61 0 4k')).toContain('read 4096');
    expect(await target.ensureRemoved(named, patience)).toEqual(done(null));
    expect(await detach(via, spec)).toEqual(done(null));
    expect(await letterIn(spec)).toBe('a');
  });
});

interface Mapped {
  readonly via: Kind;
  readonly spec: RbdImage;
  readonly device: string;
}

const mapEach = (): Promise<Mapped[]> =>
  Promise.all(kinds.map(async (via) => {
    const spec = await newImage();
    return { via, spec, device: await deviceOf(via, spec) };
  }));

const entry = `${place.address}:0/0`;

const refuse = async (): Promise<void> => {
  await admin('ceph', 'osd', 'blocklist', 'add', entry, '86400');
  await admin('ceph', 'tell', 'osd.0', 'get_latest_osdmap');
};

test('a node that Ceph refuses writes nothing, and writes again when it has unmapped, cleared and mapped', async () => {
  const settings = { run: remotely, conf: place.conf, id: place.id, nodes: { n1: [place.address] } };
  const storage = cephStorageFence(settings, 'n1');
  const mapped = await mapEach();
  const inTurn = async (work: (each: Mapped) => Promise<void>): Promise<void> => {
    for (const each of mapped) await work(each);
  };
  await inTurn(async ({ device }) => expect(await write(device, 'a')).toBe(true));
  await refuse();
  await inTurn(async ({ device }) => expect(await write(device, 'b')).toBe(false));
  await inTurn(async ({ spec }) => expect(await letterIn(spec)).toBe('a'));
  const inTheWay = { kind: 'refused', reason: expect.stringContaining('unmap it first') };
  expect(await storage.ensureCleared(patience)).toMatchObject(inTheWay);
  const detached = await Promise.all(mapped.map(({ via, spec }) => detach(via, spec)));
  expect(detached).toEqual([done(null), done(null)]);
  const [krbd, nbd] = await Promise.all(mapped.map(({ via, spec }) => attach(via, spec)));
  expect(krbd).toMatchObject({ kind: 'refused', reason: expect.stringContaining('(108)') });
  expect(nbd).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('(108)') });
  expect(await storage.ensureCleared(patience)).toEqual(done({ removed: [entry] }));
  const devices = await Promise.all(mapped.map(({ via, spec }) => deviceOf(via, spec)));
  for (const device of devices) expect(await write(device, 'c')).toBe(true);
  await inTurn(async ({ spec }) => expect(await letterIn(spec)).toBe('c'));

  // Somebody clears it by hand, too early: what is mapped writes again by itself, and so would what waits in it.
  await refuse();
  for (const device of devices) expect(await write(device, 'd')).toBe(false);
  await admin('ceph', 'osd', 'blocklist', 'rm', entry);
  for (const device of devices) await until(`${device} writes`, patience.deadlineMs, () => write(device, 'e'), 100);
  await inTurn(async ({ spec }) => expect(await letterIn(spec)).toBe('e'));
  const gone = await Promise.all(mapped.map(({ via, spec }) => detach(via, spec)));
  expect(gone).toEqual([done(null), done(null)]);
});

test('an image is not gone while a write of it waits for a Ceph that hangs, and the node is not cleared', async () => {
  const mapped = await mapEach();
  await admin('osd', 'freeze');
  const writes = mapped.map(({ device }) => write(device, 'd'));
  try {
    for (const { device } of mapped) await until(`${device} is written to`, 30_000, () => isWrittenTo(device), 50);
    const none = await Promise.all(mapped.map(({ via, spec }) => detach(via, spec, short)));
    expect(none.map(({ kind }) => kind)).not.toContain('done');
    const [krbd, nbd] = mapped;
    if (krbd === undefined || nbd === undefined) throw new Error('there are two');
    expect(await detach('krbd', krbd.spec)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('resource busy'),
    });
    await until('rbd-nbd has lost its device', 120_000, async () => {
      const again = await detach('nbd', nbd.spec, short);
      expect(again.kind).toBe('unknown');
      return again.kind === 'unknown' && again.reason.endsWith(`still has rbd/${nbd.spec.image} open`);
    });
    const program = expect.stringMatching(/^rbd\/\w+ \(rbd-nbd, process \d+\)$/);
    expect(await cephClientsHere()).toEqual(done([krbd.device, program]));
  } finally {
    await admin('osd', 'thaw');
    // Its read lease has run out, and nobody else is there to prolong it: it begins anew.
    await admin('ceph', 'osd', 'down', '0');
  }
  await Promise.all(writes);
  for (const { via, spec } of mapped) {
    await until(`${via} is gone`, 3 * patience.deadlineMs, async () => {
      const answer = await detach(via, spec, short);
      if (answer.kind !== 'done') throw new Error(answer.reason);
      return true;
    }, 250);
    // What nobody waited for any more has landed all the same.
    expect(await letterIn(spec)).toBe('d');
  }
  expect(await cephClientsHere()).toEqual(done([]));
});

const isWrittenTo = async (device: string): Promise<boolean> => {
  const inflight = await must('cat', `/sys/block/${device.replace('/dev/', '')}/inflight`);
  return Number(inflight.trim().split(/\s+/)[1]) > 0;
};
