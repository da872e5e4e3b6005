// Storage that hangs on request, as a disk does whose cable is pulled.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRunner } from '../../../adapters/run.ts';
import { mustOf, type World } from './world.ts';

/** A file system in tgtd's mount namespace whose writes can be made to hang in the kernel. */
export async function freezableImage(world: World) {
  const pid = String(world.tgtd.pid);
  const must = mustOf(createRunner({ prefixArgv: ['nsenter', '-t', pid, '-m', '--'] }));
  const device = await world.image('filesystem', 64 * 1024 * 1024);
  const folder = join(world.folder, 'mounted');
  await mkdir(folder);
  await must('mkfs.ext4', '-q', device);
  await must('mount', '-o', 'loop', device, folder);
  await must('truncate', '-s', '8M', join(folder, 'image'));
  return {
    path: join(folder, 'image'),
    freeze: () => must('fsfreeze', '--freeze', folder),
    thaw: () => must('fsfreeze', '--unfreeze', folder),
    async writesStuck() {
      while (!(await threadStates(pid)).includes('D')) await sleep(5);
    },
    unmount: () => must('umount', folder),
  };
}

async function threadStates(pid: string): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  return texts.map((text) => text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3));
}
