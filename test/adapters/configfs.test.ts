// The process that touches configfs, on a folder: reading, changing, and answering in time.
import { ChildProcess, execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { configfs, type Configfs } from '../../adapters/target/configfs.ts';
import { threadsMax } from '../../adapters/target/configfs-protocol.ts';

const patience = { deadlineMs: 18_000 };
let root: string;
let kernel: Configfs;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pathwarden-configfs-'));
  kernel = configfs(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('shows what was asked for, and null for what is not there', async () => {
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/b/text'), 'one\ntwo\n');
  await writeFile(join(root, 'a/other'), 'x');
  await symlink('../elsewhere', join(root, 'a/b/link'));
  const shape = { '*': { text: 'read' as const, missing: 'read' as const, '*': {} }, none: {} };
  expect(await kernel.look([{ folder: 'a', shape }, { folder: 'c', shape: {} }], patience)).toEqual({
    kind: 'done',
    value: [
      {
        files: {},
        folders: { b: { files: { text: 'one\ntwo' }, folders: {}, links: { link: '../elsewhere' } } },
        links: {},
      },
      null,
    ],
  });
});

test('changes in order up to what fails, and tells the file and the error but not the text', async () => {
  await writeFile(join(root, 'file'), '');
  const steps = [
    { make: 'a' },
    { make: 'a' },
    { write: 'file', text: 'secret' },
    { link: 'a/link', to: 'file' },
    { expect: 'file', text: 'secret' },
    { unlink: 'a/link' },
    { unlink: 'a/link' },
  ];
  expect(await kernel.change(steps, patience)).toEqual({ kind: 'done', value: null });
  const failing = [{ write: 'none', text: 'secret' }, { make: 'b' }];
  const failed = await kernel.change(failing, patience);
  expect(failed).toEqual({ kind: 'refused', code: 'ENOENT', reason: `${join(root, 'none')}: ENOENT` });
  expect((await readdir(root)).toSorted()).toEqual(['a', 'file']);
  const different = await kernel.change([{ expect: 'file', text: 'x' }], patience);
  expect(different).toMatchObject({ kind: 'refused', reason: expect.not.stringContaining('secret') });
});

test('a read that fails is unknown, not absent', async () => {
  await writeFile(join(root, 'loop'), '');
  await rm(join(root, 'loop'));
  await symlink('loop', join(root, 'loop'));
  expect(await kernel.look([{ folder: 'loop', shape: {} }], patience)).toMatchObject({ kind: 'unknown' });
});

test('what hangs is unknown at its deadline, holds up nothing else, and its later steps are not taken', async () => {
  await promisify(execFile)('mkfifo', [join(root, 'hangs')]);
  // Opening a pipe without a reader blocks as a write does that waits for a storage.
  expect(await kernel.kindOf(root, patience)).toEqual({ kind: 'done', value: 'other' });
  const steps = [{ write: 'hangs', text: '0' }, { make: 'late' }, { write: 'late', text: '1' }];
  const hanging = kernel.change(steps, { deadlineMs: 300 });
  expect(await kernel.change([{ make: 'meanwhile' }], patience)).toMatchObject({ kind: 'done' });
  expect([kernel.disabling(), kernel.givenUp()]).toEqual([['hangs'], []]);
  expect(await hanging).toMatchObject({ kind: 'unknown' });
  expect([kernel.disabling(), kernel.givenUp()]).toEqual([['hangs'], ['hangs']]);
  expect(await readFile(join(root, 'hangs'), 'utf8')).toBe('0');
  expect(await kernel.change([{ make: 'after' }], patience)).toMatchObject({ kind: 'done' });
  await vi.waitFor(() => expect(kernel.disabling()).toEqual([]));
  expect((await readdir(root)).toSorted()).toEqual(['after', 'hangs', 'meanwhile']);
});

test('what hangs holds up nothing else, however much of it there is', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `hangs${index}`);
  await promisify(execFile)('mkfifo', names.map((name) => join(root, name)));
  const hanging = names.map((name) => kernel.change([{ write: name, text: '1' }], patience));
  expect(await kernel.change([{ make: 'meanwhile' }], patience)).toMatchObject({ kind: 'done' });
  for (const name of names) expect(await readFile(join(root, name), 'utf8')).toBe('1');
  for (const each of hanging) expect(await each).toMatchObject({ kind: 'done' });
});

test('a call that has no time left, or was called off, starts nothing', async () => {
  expect(await kernel.change([{ make: 'a' }], { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  const signal = AbortSignal.abort();
  expect(await kernel.change([{ make: 'a' }], { ...patience, signal })).toMatchObject({ kind: 'unknown' });
  expect(await readdir(root)).toEqual([]);
});

test('what a process that is left behind was at is still under way, until that process is gone', async () => {
  const names = Array.from({ length: threadsMax / 2 + 1 }, (_, index) => `hangs${index}`);
  await promisify(execFile)('mkfifo', names.map((name) => join(root, name)));
  const [last = '', ...others] = names;
  const giveUp = new AbortController();
  const { signal } = giveUp;
  for (const name of others) void kernel.change([{ write: name, text: '0' }], { ...patience, signal });
  const waiting = kernel.change([{ write: last, text: '0' }], patience);
  giveUp.abort();
  // So many hang that this one gets another process.
  const next = kernel.kindOf(root, patience);
  expect(await waiting).toMatchObject({ kind: 'unknown' });
  expect(kernel.givenUp()).toContain(last);
  expect(await next).toMatchObject({ kind: 'done' });
  await vi.waitFor(() => expect(kernel.disabling()).toEqual([]));
});

test('a process that answers nobody any more gets no further call, also while it cannot be killed', async () => {
  await symlink('/proc/self', join(root, 'self'));
  const looked = await kernel.look([{ folder: 'self', shape: { stat: 'read' } }], patience);
  const pid = Number.parseInt((looked.kind === 'done' && looked.value[0]?.files['stat']) || '', 10);
  process.kill(pid, 'SIGSTOP');
  // So it is for a process of which a thread is in the kernel.
  const killed = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  onTestFinished(() => {
    vi.useRealTimers();
    killed.mockRestore();
    process.kill(pid, 'SIGKILL');
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const late = kernel.change([{ write: 'hangs', text: '0' }], { deadlineMs: 100 });
  const waiting = kernel.kindOf(root, patience);
  await vi.advanceTimersByTimeAsync(6000);
  vi.useRealTimers();
  expect(await late).toMatchObject({ kind: 'unknown' });
  expect(killed).toHaveBeenCalledWith('SIGKILL');
  expect(await kernel.kindOf(root, patience)).toMatchObject({ kind: 'done' });
  expect(await waiting).toMatchObject({ kind: 'unknown' });
  expect(kernel.givenUp()).toEqual(['hangs']);
});
