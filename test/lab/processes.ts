// Child processes of the lab: argv only, output to a log file, ended by their own pid.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { sleep } from './clock.ts';

const execute = promisify(execFile);

/** Runs a command to its end and gives its stdout. Throws with the command and its stderr when it fails. */
export async function run(argv: readonly string[], timeoutMs = 10_000): Promise<string> {
  const [file = '', ...args] = argv;
  try {
    return (await execute(file, args, { timeout: timeoutMs, maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr ?? '';
    throw new Error(`${argv.join(' ')}: ${stderr.trim() || String(error)}`, { cause: error });
  }
}

/** Like run, for clean-up: what is already gone is no error. */
export async function tryRun(argv: readonly string[]): Promise<string> {
  return run(argv).catch(() => '');
}

/** A long-running process whose stdout and stderr are appended to `log`. */
export function launch(argv: readonly string[], log: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const [file = '', ...args] = argv;
  const output = openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', output, output], env });
  closeSync(output);
  child.on('error', () => {});
  return child;
}

/** A Node process of the lab's own that talks JSON messages with the lab. */
export function launchTalking(argv: readonly string[], log: string): ChildProcess {
  const [file = '', ...args] = argv;
  const output = openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', output, output, 'ipc'] });
  closeSync(output);
  child.on('error', () => {});
  return child;
}

export const isRunning = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null && child.pid !== undefined;

/** `SIGSTOP` freezes it, `SIGCONT` lets it go on. What has ended is left alone. */
export function signal(child: ChildProcess | undefined, name: 'SIGSTOP' | 'SIGCONT'): void {
  if (isRunning(child)) child.kill(name);
}

/** Sends the signal and waits for the end; after `graceMs` it kills. Gives whether the process ended by itself. */
export async function end(child: ChildProcess | undefined, signal: NodeJS.Signals, graceMs = 10_000): Promise<boolean> {
  if (!isRunning(child)) return true;
  const ended = once(child, 'exit');
  child.kill(signal);
  const inTime = await Promise.race([ended.then(() => true), sleep(graceMs).then(() => false)]);
  if (!inTime) {
    child.kill('SIGKILL');
    await ended;
  }
  return inTime;
}
