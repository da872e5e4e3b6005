// Disks of their own for a journal, that can be filled, frozen and broken. Real file systems, so it takes root.
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { run, tryRun } from '../lab/processes.ts';
import { leftOut, missingPrograms, notRoot } from '../left-out.ts';

const tools = ['mkfs.ext4', 'mount', 'umount', 'losetup', 'fsfreeze', 'e2fsck'];

/** Why disks cannot be made here, or null. */
export const disksMissing = (): string | null => leftOut('disk trouble', notRoot() ?? missingPrograms(...tools));

export interface Disk {
  /** Where it is mounted. */
  readonly folder: string;
  /** Takes all the room that is left; the answer gives it back. */
  fill(): Promise<() => Promise<void>>;
  /** Every write hangs in the kernel until `thaw`. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** An error of the file system makes it read-only at once, as `errors=remount-ro` does. */
  turnReadOnly(): Promise<void>;
  /** Unmounts, repairs and mounts it again; nobody may have a file open there. */
  repair(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeDisk(megabytes: number): Promise<Disk> {
  const place = await mkdtemp(join(tmpdir(), 'pathwarden-disk-'));
  const image = join(place, 'image');
  const folder = join(place, 'mounted');
  await writeFile(image, '');
  await truncate(image, megabytes * 1024 * 1024);
  await mkdir(folder);
  await run(['mkfs.ext4', '-q', '-m', '0', image]);
  const mount = () => run(['mount', '-o', 'loop,errors=remount-ro', image, folder]);
  await mount();
  return {
    folder,
    fill: () => fill(folder),
    freeze: async () => void (await run(['fsfreeze', '--freeze', folder])),
    thaw: async () => void (await tryRun(['fsfreeze', '--unfreeze', folder])),
    turnReadOnly: async () => {
      const [device = ''] = (await run(['losetup', '-n', '-O', 'NAME', '-j', image])).trim().split('\n');
      await writeFile(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, '1');
    },
    repair: async () => {
      await run(['umount', folder]);
      await tryRun(['e2fsck', '-fy', image]);
      await mount();
    },
    remove: async () => {
      await tryRun(['fsfreeze', '--unfreeze', folder]);
      await tryRun(['umount', folder]);
      // Still in use: goes when its last user does.
      await tryRun(['umount', '--lazy', folder]);
      await rm(place, { recursive: true, force: true });
    },
  };
}

async function fill(folder: string): Promise<() => Promise<void>> {
  const ballast = join(folder, 'ballast');
  for (const size of [1024 * 1024, 4096, 1]) {
    const block = Buffer.alloc(size);
    while (await appended(ballast, block));
  }
  return () => rm(ballast);
}

async function appended(file: string, block: Buffer): Promise<boolean> {
  try {
    await writeFile(file, block, { flag: 'as' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** True while a thread of this process waits in the kernel for its disk. */
export async function isStuck(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${String(pid)}/task`);
  const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  return texts.some((text) => text.slice(text.lastIndexOf(')') + 2).startsWith('D'));
}
