// One contract for images of every kind and their memory twin, and what only a file can get wrong. The real Ceph is in
// librbd.test.ts; what the kernel maps and LVM activates is played here by a host of ours.
import { mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blockBackstore } from '../../../adapters/backstore/block.ts';
import { fileBackstore } from '../../../adapters/backstore/file.ts';
import { lvmBackstore } from '../../../adapters/backstore/lvm.ts';
import { memoryBackstore } from '../../../adapters/backstore/memory.ts';
import { rbdBackstore } from '../../../adapters/backstore/rbd.ts';
import { unguarded } from '../../../adapters/memory-faults.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner, type Run } from '../../../adapters/run.ts';
import type { BackstoreSpec } from '../../../src/ports/dataplane.ts';
import { leftOut, notRoot } from '../../left-out.ts';
import { backstoreContract, type Image } from './backstore-contract.ts';
import { blockHost } from './block-host.ts';
import { loopDevices } from './loop-device.ts';
import { patience } from './world.ts';

const run = createRunner();
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
  path = join(folder, 'image with spaces');
  await writeFile(path, Buffer.alloc(4096, 7));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sizeBytes = 1024 * 1024;
const rbd = { kind: 'rbd', pool: 'rbd', namespace: 'apart', image: 'one' } as const;

async function newFile(): Promise<string> {
  const file = join(folder, `image-${crypto.randomUUID()}`);
  await writeFile(file, '');
  await truncate(file, sizeBytes);
  return file;
}

backstoreContract('file', async () => {
  const file = await newFile();
  return {
    backstore: fileBackstore({ run }),
    spec: { kind: 'file', path: file },
    sizeBytes,
    grow: () => truncate(file, 2 * sizeBytes),
    remove: () => rm(file),
  };
});

const kinds: readonly BackstoreSpec[] = [
  { kind: 'file', path: '/srv/one' }, { kind: 'block', path: '/dev/one' }, rbd, { kind: 'memory' },
  { kind: 'lvm', group: 'shared', volume: 'one' },
];
for (const spec of kinds) {
  backstoreContract(`memory, for ${spec.kind},`, async () => {
    let size: number | null = sizeBytes;
    return {
      backstore: memoryBackstore(memoryNetwork().host('n1'), unguarded, () => size),
      spec,
      sizeBytes,
      grow: async () => void (size = 2 * sizeBytes),
      remove: async () => void (size = null),
    };
  });
}

/** On a host that plays the kernel. */
const played = (spec: BackstoreSpec, name: string, backstoreOf: (run: Run) => Image['backstore']) => async () => {
  const host = blockHost();
  host.images.set(name, sizeBytes);
  return {
    backstore: backstoreOf(host.run),
    spec,
    sizeBytes,
    grow: async () => void host.images.set(name, 2 * sizeBytes),
    remove: async () => void host.images.delete(name),
  };
};

for (const via of ['krbd', 'nbd'] as const) {
  const ceph = { conf: '/etc/ceph/ceph.conf', id: 'pathwarden', via };
  backstoreContract(via, played(rbd, 'rbd/apart/one', (on) => rbdBackstore({ run: on, ...ceph })));
}
const volume = { kind: 'lvm', group: 'shared', volume: 'one' } as const;
backstoreContract('lvm', played(volume, 'shared/one', (on) => lvmBackstore({ run: on })));

// Loop devices take root.
describe.skipIf(leftOut('the backstore on real devices', notRoot()) !== null)('on real devices', () => {
  const loops = loopDevices();
  afterAll(() => loops.close());

  backstoreContract('block', async () => {
    const file = await newFile();
    const path = join(folder, `device-${crypto.randomUUID()}`);
    const device = await loops.open(file);
    await symlink(device, path);
    return {
      backstore: blockBackstore({ run }),
      spec: { kind: 'block', path },
      sizeBytes,
      grow: () => truncate(file, 2 * sizeBytes).then(() => loops.noticeSize(device)),
      remove: () => rm(path),
    };
  });

  test('a file is no block device, and a block device is a file that says what it is', async () => {
    const file = await newFile();
    const device = await loops.open(file);
    const block = blockBackstore({ run });
    expect(await block.ensureAttached({ disk: '1', spec: { kind: 'block', path: file } }, patience)).toEqual({
      kind: 'refused',
      reason: `${file} is a regular file, not a block device`,
    });
    const spec = { kind: 'file', path: device } as const;
    expect(await fileBackstore({ run }).ensureAttached({ disk: '1', spec }, patience)).toEqual({
      kind: 'done',
      value: { kind: 'block', path: device, sizeBytes },
    });
  });
});

describe('the file backstore', () => {
  const backstore = fileBackstore({ run });
  const attach = (image: string) =>
    backstore.ensureAttached({ disk: '1', spec: { kind: 'file', path: image } }, patience);
  const refused = (reason: string) => ({ kind: 'refused', reason: expect.stringContaining(reason) });

  test('reports the size and changes nothing', async () => {
    const before = await stat(path);
    expect(await attach(path)).toEqual({ kind: 'done', value: { kind: 'file', path, sizeBytes: 4096 } });
    expect(await readFile(path)).toEqual(Buffer.alloc(4096, 7));
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
  });

  test('refuses an image that is not there, and does not make it', async () => {
    const nowhere = join(folder, 'nowhere');
    expect(await attach(nowhere)).toMatchObject({ ...refused('does not exist'), code: 'gone' });
    await expect(stat(nowhere)).rejects.toThrow('ENOENT');
    expect(await attach(join(path, 'below'))).toMatchObject(refused('does not exist'));
  });

  test('refuses what is no image: folders, pipes, empty files, relative paths, dangling links', async () => {
    await run(['mkfifo', join(folder, 'pipe')], patience);
    await writeFile(join(folder, 'empty'), '');
    await symlink(join(folder, 'nothing'), join(folder, 'link'));
    expect(await attach(folder)).toMatchObject(refused('directory'));
    expect(await attach(join(folder, 'pipe'))).toMatchObject(refused('fifo'));
    expect(await attach(join(folder, 'empty'))).toMatchObject(refused('empty'));
    expect(await attach('image')).toMatchObject(refused('absolute'));
    expect(await attach(join(folder, 'link'))).toMatchObject(refused('does not exist'));
  });

  test('leaves it unknown when the storage errs, and when it does not answer in time', async () => {
    const erring: Run = async (argv) => ({
      kind: 'exited',
      code: 1,
      stdout: '',
      stderr: 'stat: cannot statx: Input/output error',
      command: argv.join(' '),
      durationMs: 1,
    });
    const request = { disk: '1', spec: { kind: 'file' as const, path } };
    expect(await fileBackstore({ run: erring }).ensureAttached(request, patience)).toMatchObject({ kind: 'unknown' });
    const hanging: Run = (_, options) => run(['sleep', '60'], options);
    expect(await fileBackstore({ run: hanging }).ensureAttached(request, { deadlineMs: 50 })).toMatchObject({
      kind: 'unknown',
    });
  });
});
