// The program as packages carry it: compiled, so that no type stripper lives in the daemon's memory.
import { chmod, copyFile, cp, rm } from 'node:fs/promises';
import { run } from '../lab/processes.ts';

const root = new URL('../../', import.meta.url).pathname;
/** Below node_modules, so that it finds its packages and no tool looks at it. */
const out = `${root}node_modules/.cache/pathwarden-bench`;

let built: Promise<string> | null = null;

/** Path of the compiled command, executable as npm installs it; built once per run. */
export const program = (): Promise<string> => (built ??= build());

async function build(): Promise<string> {
  await rm(out, { recursive: true, force: true });
  await run([`${root}node_modules/.bin/tsc`, '-p', `${root}test/tsconfig.build.json`, '--outDir', out], 120_000);
  await cp(`${root}src/http/ui`, `${out}/src/http/ui`, { recursive: true });
  await copyFile(`${root}package.json`, `${out}/package.json`);
  const command = `${out}/src/cli/pathwarden.js`;
  await chmod(command, 0o755);
  return command;
}
