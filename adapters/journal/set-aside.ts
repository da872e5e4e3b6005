// Moves a damaged journal out of the way, whole, under a name with the date.
import { existsSync, fsyncSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SetAside } from '../../src/ports/journal.ts';

const parts = ['', '-wal', '-shm'] as const;

/** Throws what the file system says. The caller holds the journal's lock. */
export function setAside(file: string, reason: string, at: number): SetAside {
  const location = freeName(`${file}.damaged-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z`);
  for (const part of parts) {
    if (existsSync(file + part)) renameSync(file + part, location + part);
  }
  rmSync(markOf(file), { force: true });
  syncDirectory(dirname(file));
  return { reason, location, at };
}

/** Found while it was in use: the next start sets it aside. Best effort, as its disk may be the trouble. */
export function condemn(file: string, reason: string): void {
  try {
    writeFileSync(markOf(file), `${reason}\n`);
  } catch {
    // The next start meets the damage again.
  }
}

/** Why the journal must not be used again; null when it may. */
export function condemned(file: string): string | null {
  return existsSync(markOf(file)) ? readFileSync(markOf(file), 'utf8').trim() : null;
}

const markOf = (file: string): string => `${file}.damaged`;

function freeName(name: string, count = 1): string {
  const candidate = count === 1 ? name : `${name}-${count}`;
  return parts.some((part) => existsSync(candidate + part)) ? freeName(name, count + 1) : candidate;
}

export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
