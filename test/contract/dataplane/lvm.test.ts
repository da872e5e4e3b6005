// Logical volumes of a real LVM, on a kernel with device-mapper: `npm run vm` is such a machine.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagesLook } from '../../../adapters/backstore/look.ts';
import { lvmBackstore } from '../../../adapters/backstore/lvm.ts';
import { fileFacts } from '../../../adapters/doctor/files.ts';
import { createRunner } from '../../../adapters/run.ts';
import { done } from '../../../src/ports/outcome.ts';
import { backstoreContract } from './backstore-contract.ts';
import { loopDevices } from './loop-device.ts';
import { mustOf, patience as usual } from './world.ts';

const run = createRunner();
const patience = { deadlineMs: 2 * usual.deadlineMs };
/** A test has several calls. */
const limitMs = 3 * patience.deadlineMs;
const extent = 4 * 1024 * 1024;

describe('on a kernel with device-mapper', () => {
  const group = `pathwarden${String(process.pid)}`;
  const loops = loopDevices();
  let folder: string;
  let volumes = 0;
  const must = mustOf(run, patience);
  const newVolume = async (): Promise<string> => {
    const volume = `one${String((volumes += 1))}`;
    await must('lvcreate', '-q', '-an', '-Zn', '-L', `${String(extent)}b`, '-n', volume, group);
    return volume;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
    const disk = await open(join(folder, 'disk'), 'w');
    await disk.truncate(24 * extent);
    await disk.close();
    const device = await loops.open(join(folder, 'disk'));
    await must('pvcreate', '-q', device);
    await must('vgcreate', '-q', group, device);
  }, limitMs);
  afterAll(async () => {
    await must('vgremove', '-q', '-f', group);
    await loops.close();
    await rm(folder, { recursive: true });
  }, limitMs);

  backstoreContract('lvm', async () => {
    const volume = await newVolume();
    return {
      backstore: lvmBackstore({ run }),
      spec: { kind: 'lvm', group, volume },
      sizeBytes: extent,
      grow: async () => void (await must('lvextend', '-q', '-L', `${String(2 * extent)}b`, `${group}/${volume}`)),
      remove: async () => void (await must('lvremove', '-q', '-f', `${group}/${volume}`)),
    };
  });

  test('the doctor sees volumes, active or not, and how large they and their devices are', async () => {
    const volume = await newVolume();
    const listed = await imagesLook({ run, conf: '/c', id: 'u' }).volumes();
    expect(listed.kind === 'done' && listed.value.get(`${group}/${volume}`)).toBe(extent);
    const request = { disk: '1', spec: { kind: 'lvm', group, volume } } as const;
    expect(await lvmBackstore({ run }).ensureAttached(request, patience)).toMatchObject({ kind: 'done' });
    const device = { kind: 'done', value: { kind: 'device', bytes: extent } };
    expect(await fileFacts(`/dev/${group}/${volume}`)).toMatchObject(device);
    expect(await lvmBackstore({ run }).ensureDetached(request, patience)).toEqual(done(null));
  });

  test('a volume that somebody has open stays active, and says so', async () => {
    const volume = await newVolume();
    const backstore = lvmBackstore({ run });
    const request = { disk: '1', spec: { kind: 'lvm', group, volume } } as const;
    expect(await backstore.ensureAttached(request, patience)).toMatchObject({ kind: 'done' });
    const held = await open(`/dev/${group}/${volume}`);
    expect(await backstore.ensureDetached(request, patience)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('in use'),
    });
    await held.close();
    expect(await backstore.ensureDetached(request, patience)).toEqual(done(null));
  }, limitMs);
});
