// Where a run keeps its things, and the copy of the program that it tests.
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

export interface Folders {
  readonly logs: string;
  /** In memory, so that the machine's own disk does not show up as delayed writes. */
  readonly images: string;
}

/** Where --keep leaves logs, configs and journals. */
export const keptFolder = `/tmp/pathwarden-lab-${process.pid}`;

export const script = (name: string): string => new URL(name, import.meta.url).pathname;

export function makeFolders(): Folders {
  const folders = { logs: `/tmp/pwlab-${process.pid}`, images: `/dev/shm/pwlab-${process.pid}` };
  for (const folder of Object.values(folders)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  return folders;
}

/** A run tests one version: an edit while it goes on would look like an upgrade in the middle of a scenario. */
export function copyProgram(folder: string): string {
  const root = new URL('../../', import.meta.url).pathname;
  for (const part of ['src', 'machines', 'adapters', 'package.json']) {
    cpSync(`${root}${part}`, `${folder}/${part}`, { recursive: true });
  }
  symlinkSync(`${root}node_modules`, `${folder}/node_modules`);
  return `${folder}/src/cli/pathwarden.ts`;
}
