// One contract for image files and their memory twin, and what only a file can get wrong.
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileBackstore } from '../../../adapters/backstore/file.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner, type Run } from '../../../adapters/run.ts';
import { patience } from './world.ts';

const run = createRunner();
const memoryPlane = () => memoryDataPlane({ node: 'n1', network: memoryNetwork(), clock: systemClock() });
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
  path = join(folder, 'image with spaces');
  await writeFile(path, Buffer.alloc(4096, 7));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  { name: 'file', make: () => fileBackstore({ run }) },
  { name: 'memory', make: () => memoryPlane().backstore },
])('the $name backstore', ({ make }) => {
  test('attaches and detaches, however often it is asked', async () => {
    const backstore = make();
    const request = { disk: '1', spec: { kind: 'file' as const, path } };
    for (let time = 1; time <= 2; time += 1) {
      const outcome = await backstore.ensureAttached(request, patience);
      expect(outcome).toMatchObject({ kind: 'done', value: { kind: 'file', path } });
    }
    for (let time = 1; time <= 2; time += 1) {
      expect(await backstore.ensureDetached(request, patience)).toEqual({ kind: 'done', value: null });
    }
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
