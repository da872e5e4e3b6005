// The programs rbd-nbd of this host. Each is a client of Ceph, also when it has no device yet, or none any more.
import { readdir, readFile } from 'node:fs/promises';

export interface NbdProcess {
  readonly pid: string;
  readonly argv: readonly string[];
}

/** Those that have an image open or are opening one. `root`: where `/proc` is. Throws when that cannot be read. */
export async function nbdProcesses(root = ''): Promise<readonly NbdProcess[]> {
  const pids = (await readdir(`${root}/proc`)).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => processOf(`${root}/proc/${pid}`, pid)));
  return all.filter((each) => each !== null).filter(({ argv }) => argv.includes('map') || argv.includes('attach'));
}

/** Whether it may have that image open: its last words name it, or nobody can tell from them. */
export function mayHave({ argv }: NbdProcess, name: string): boolean {
  const images = argv.filter(isImage);
  return images.length === 0 || images.includes(name);
}

/** As a person names it. Of what follows an option nothing is told: it may be a key. */
export const imageIn = ({ argv }: NbdProcess): string =>
  argv.find((word, at) => isImage(word) && argv[at - 1]?.startsWith('-') !== true) ?? 'an image';

const isImage = (word: string): boolean => /^[^/-][^/]*(\/[^/]+){1,2}$/.test(word);

async function processOf(folder: string, pid: string): Promise<NbdProcess | null> {
  const comm = await textOf(`${folder}/comm`);
  if (comm?.startsWith('rbd-nbd') !== true) return null;
  const command = await textOf(`${folder}/cmdline`);
  return command === null ? null : { pid, argv: command.split('\0').filter((word) => word !== '') };
}

/** Null: that process has ended. */
async function textOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return null;
    throw error;
  });
}
