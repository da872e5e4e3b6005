// What Node has compiled of our modules, made on the host: inside, a daemon would take a minute for that at its start.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const daemon = ['../../src/cli/run.ts', '../../src/main.ts'];
const contract = (name: string): string => `../contract/dataplane/${name}.ts`;
const tests = ['vitest/node', ...['kernel-world', 'kernel-initiator', 'lio-disk', 'loop-device'].map(contract)];
const ours = ['./curve.ts', './device-writer.ts', './multipath.ts', './targetcli.ts', './takeover/moves.ts'];

/** Fills a folder with it, for `NODE_COMPILE_CACHE`. */
export async function compileInto(folder: string): Promise<void> {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder };
  await promisify(execFile)(process.execPath, [import.meta.filename], { env });
}

// Importing them is all it takes: none does anything by itself.
if (import.meta.main) await Promise.all([...daemon, ...ours, ...tests].map((module) => import(module)));
