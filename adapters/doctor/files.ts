// Files as the doctor looks at them: what kind, whose, for whom. Never what is in them.
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileFacts } from '../../src/ports/doctor.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';

export async function fileFacts(path: string): Promise<Outcome<FileFacts | null>> {
  try {
    const facts = await stat(path);
    const may = (what: number): Promise<boolean> => access(path, what).then(() => true, () => false);
    const [isReadable, isWritable] = await Promise.all([may(constants.R_OK), may(constants.W_OK)]);
    const isDevice = facts.isBlockDevice() || facts.isCharacterDevice();
    const kind = facts.isFile() ? 'file' : facts.isDirectory() ? 'directory' : isDevice ? 'device' : 'other';
    const isMine = facts.uid === process.getuid?.();
    const bytes = facts.isBlockDevice() ? await bytesOfDevice(facts.rdev) : facts.size;
    return done({ kind, mode: facts.mode & 0o777, isMine, isReadable, isWritable, bytes });
  } catch (error) {
    return notThere(error) ? done(null) : unknown(`it cannot be looked at (${codeOf(error)})`);
  }
}

/** The kernel counts sectors of 512 bytes, whatever the device has. */
async function bytesOfDevice(device: number): Promise<number> {
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  const sectors = await readFile(`/sys/dev/block/${String(major)}:${String(minor)}/size`, 'utf8').catch(() => '0');
  return Number(sectors) * 512;
}

/** Of the nearest folder above that is there. */
export async function freeBytes(path: string): Promise<Outcome<number>> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return done(bavail * bsize);
    } catch (error) {
      if (!notThere(error) || at === dirname(at)) return unknown(`${at} cannot be looked at (${codeOf(error)})`);
    }
  }
}

const notThere = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

const codeOf = (error: unknown): string => String(Reflect.get(Object(error), 'code') ?? 'unknown trouble');
