// What on this host writes to a Ceph and outlives whoever opened it: devices and file systems of the kernel.
import { readdir, readFile } from 'node:fs/promises';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { imageIn, nbdProcesses } from '../nbd-processes.ts';

/**
 * Each of them as a person names it: `/dev/rbd0`, `/dev/nbd0`, `/mnt/images`. The kernel may hold writes for it that
 * nobody waits for any more. `root`: where `/proc` and `/sys` are.
 */
export async function cephClientsHere(root = ''): Promise<Outcome<readonly string[]>> {
  try {
    const mapped = (await filesIn(`${root}/sys/bus/rbd/devices`)).map((id) => `/dev/rbd${id}`);
    return done([...mapped, ...(await nbdDevices(root)), ...(await mounts(root))]);
  } catch (error) {
    return unknown(`it cannot be read what is mapped here: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Those that rbd-nbd serves; one whose program cannot be told counts, and so does one that has lost its device. */
async function nbdDevices(root: string): Promise<readonly string[]> {
  const devices: string[] = [];
  const serving = new Set<string>();
  for (const name of (await filesIn(`${root}/sys/block`)).filter((each) => each.startsWith('nbd'))) {
    const pid = await textOf(`${root}/sys/block/${name}/pid`);
    if (pid === null) continue;
    serving.add(pid.trim());
    const program = await textOf(`${root}/proc/${pid.trim()}/comm`);
    if (program === null || program.startsWith('rbd-nbd')) devices.push(`/dev/${name}`);
  }
  const others = (await nbdProcesses(root)).filter(({ pid }) => !serving.has(pid));
  return [...devices, ...others.map((each) => `${imageIn(each)} (rbd-nbd, process ${each.pid})`)];
}

async function mounts(root: string): Promise<readonly string[]> {
  const lines = (await readFile(`${root}/proc/self/mounts`, 'utf8')).split('\n').map((line) => line.split(' '));
  return lines.flatMap(([, at = '', type = '']) => (/^(ceph|fuse\.ceph.*)$/.test(type) ? [at] : []));
}

/** None where there is no such folder: the module is not loaded. */
async function filesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => noneIfAbsent(error, []));
}

async function textOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => noneIfAbsent(error, null));
}

function noneIfAbsent<T>(error: unknown, none: T): T {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none;
  throw error;
}
