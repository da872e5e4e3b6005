// Programs and their versions. Only those that are known to do nothing else are asked for one.
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../../src/ports/doctor.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';
import { programFolders, type Run } from '../run.ts';

const versionArguments: Readonly<Record<string, string>> = {
  tgtd: '--version',
  tgtadm: '--version',
  ip: '-V',
  ss: '-V',
  arping: '-V',
  ndisc6: '--version',
  nft: '--version',
  sysctl: '--version',
  ceph: '--version',
  rbd: '--version',
  ssh: '-V',
};

export async function findProgram(
  run: Run,
  name: string,
  folders: readonly string[] = programFolders,
): Promise<Outcome<Program | null>> {
  const places = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
  for (const path of places) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return done({ path, version: await versionOf(run, name, path) });
  }
  return done(null);
}

async function versionOf(run: Run, name: string, path: string): Promise<string | null> {
  const argument = versionArguments[name];
  if (argument === undefined) return null;
  const result = await run([path, argument], { deadlineMs: 5000 });
  if (result.kind !== 'exited') return null;
  return /(?<![\d.])(\d+(?:\.\d+)+|\d{8})/.exec(`${result.stdout}\n${result.stderr}`)?.[1] ?? null;
}
