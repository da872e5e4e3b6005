// Makes Debian's kernel available without installing it: our cache first, then the machine's own package sources.
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PathwardenError } from '../../src/errors.ts';
import { cacheFolder } from '../lab/get-consul.ts';
import { uncompressed } from './uncompressed.ts';

const run = promisify(execFile);
const newest = 'linux-image-amd64';

export interface Kernel {
  readonly version: string;
  /** What QEMU boots. */
  readonly image: string;
  /** A root below which `lib/modules/<version>` is. */
  readonly root: string;
}

/** Throws TOOL_MISSING when there is none and it cannot be fetched. */
export async function kernel(): Promise<Kernel> {
  const kept = (await readdir(cacheFolder()).catch(() => [])).filter((name) => name.startsWith('linux-image-'));
  for (const name of newestFirst(kept)) {
    const found = await kernelIn(join(cacheFolder(), name));
    if (found !== null) return found;
  }
  return fetchKernel();
}

export const newestFirst = (names: readonly string[]): string[] =>
  names.toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }));

async function kernelIn(root: string): Promise<Kernel | null> {
  const [version] = await readdir(join(root, 'lib/modules')).catch(() => []);
  if (version === undefined) return null;
  const image = join(root, 'boot', `vmlinuz-${version}`);
  const isThere = await access(image).then(() => true, () => false);
  return isThere ? { version, image: await uncompressed(image), root } : null;
}

async function fetchKernel(): Promise<Kernel> {
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'fetch-'));
  try {
    const { stdout } = await run('apt-cache', ['depends', newest]);
    const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
    if (name === undefined) throw new Error(`${newest} is not in the package lists`);
    await run('apt-get', ['-o', 'APT::Sandbox::User=root', '-qq', 'download', name], { cwd: work });
    const archive = (await readdir(work)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get download left no package file');
    const unpacked = join(work, 'unpacked');
    await run('dpkg', ['-x', join(work, archive), unpacked]);
    const found = await kernelIn(unpacked);
    if (found === null) throw new Error(`${name} holds no kernel`);
    await run('depmod', ['-b', unpacked, found.version]);
    const home = join(cacheFolder(), name);
    // Another process may have been faster: what it put there is as good.
    await rename(unpacked, home).catch(() => access(home));
    return (await kernelIn(home)) ?? found;
  } catch (error) {
    const what = 'The package of Debian’s kernel could not be fetched. Try `apt-get update`.';
    throw new PathwardenError('TOOL_MISSING', what, {}, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log((await kernel()).image);
