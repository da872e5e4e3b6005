// Who has a device open. Only root sees the files of all processes.
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Holder } from '../../src/ports/doctor.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';

/** Both names are the first watchdog. */
const firstWatchdog = ['/dev/watchdog', '/dev/watchdog0'];

export async function holdersOf(device: string, root: string): Promise<Outcome<readonly Holder[]>> {
  const names = new Set(firstWatchdog.includes(device) ? firstWatchdog : [device]);
  const processes = await readdir(`${root}/proc`).catch(() => null);
  if (processes === null) return unknown('/proc cannot be read');
  const holders: Holder[] = [];
  for (const pid of processes.filter((name) => /^\d+$/.test(name))) {
    const open = await openFiles(`${root}/proc/${pid}/fd`);
    if (open === null) return unknown('the open files of other processes cannot be read');
    if (open.some((file) => names.has(file))) holders.push(await holder(root, Number(pid)));
  }
  return done(holders);
}

/** Null when they cannot be seen; none of a process that has ended meanwhile. */
async function openFiles(folder: string): Promise<readonly string[] | null> {
  try {
    const names = await readdir(folder);
    return await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(noneIfClosed)));
  } catch (error) {
    return isGone(error) ? [] : null;
  }
}

function noneIfClosed(error: unknown): string {
  if (isGone(error)) return '';
  throw error;
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes(String(Reflect.get(Object(error), 'code')));

async function holder(root: string, pid: number): Promise<Holder> {
  const folder = `${root}/proc/${String(pid)}`;
  const text = (name: string): Promise<string> => readFile(`${folder}/${name}`, 'utf8').catch(() => '');
  const [program, command] = await Promise.all([text('comm'), text('cmdline')]);
  return { pid, program: program.trim() || 'a process', isOurs: /\/watchdog\/keeper\.[jt]s/.test(command) };
}
