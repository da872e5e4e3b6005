// Real runs of the demo and of its fence.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';

const program = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;
const fenceProgram = new URL('../../src/cli/demo/fence.ts', import.meta.url).pathname;

export interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly errors: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** `directory` is where it makes its temporary directory. */
export function demo(args: readonly string[], directory: string): Running {
  return started([program, 'demo', ...args], { env: { ...process.env, TMPDIR: directory } });
}

/** `uid` runs it as somebody else. */
export async function fence(args: readonly string[], options: { readonly uid?: number } = {}) {
  const running = started([fenceProgram, ...args], options);
  const { code } = await running.ended;
  return { code, out: running.out(), errors: running.errors() };
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync('/tmp/pathwarden-demo-test-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A process that does nothing until it is killed. */
export async function idle(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 60_000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('it did not start');
  return Object.assign(child, { pid: child.pid });
}

interface Start {
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
}

function started(argv: readonly string[], options: Start): Running {
  const child = spawn(process.execPath, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGTERM'));
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  return { child, out: () => out, errors: () => errors, ended };
}
