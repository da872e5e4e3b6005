// One node of the demo: a daemon as a process of its own, started the way an operator would.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PathwardenError } from '../../errors.ts';
import { nodeConfig, type NodePlace } from './node-config.ts';
import { identityOf } from './proc.ts';

export interface NodeProcess {
  readonly name: string;
  readonly pid: number;
  readonly inspectorPort: number;
  /** Of its inspector. */
  readonly url: string;
  /** Settles when the process has ended, with how: `exit code 2`, `SIGKILL`. */
  readonly exited: Promise<string>;
  kill(): void;
}

const portInUseCode = new PathwardenError('PORT_IN_USE', '').exitCode;
const readyDeadlineMs = 30_000;
const askEveryMs = 50;
const answerDeadlineMs = 2000;
const errorLinesMax = 4;

const beside = (ts: string, js: string): string =>
  new URL(import.meta.url.endsWith('.ts') ? ts : js, import.meta.url).pathname;
const program = beside('../pathwarden.ts', '../pathwarden.js');
const leash = beside('./leash.ts', './leash.js');

/** Starts the daemon and waits until it is ready. Throws with the last line of its log when it does not come up. */
export async function startNode(
  place: NodePlace,
  findPort: () => Promise<number>,
  started: (node: NodeProcess) => void,
  signal: AbortSignal,
): Promise<NodeProcess> {
  const directory = join(place.root, place.name);
  await mkdir(directory, { recursive: true });
  for (;;) {
    signal.throwIfAborted();
    const inspectorPort = await findPort();
    const config = join(directory, 'pathwarden.yaml');
    await writeFile(config, nodeConfig(place, inspectorPort));
    const node = launch(place.name, directory, config, inspectorPort);
    started(node);
    const ended = await Promise.race([node.exited, ready(node, logOf(directory), signal)]);
    if (ended === null) return node;
    node.kill();
    // Somebody was faster: the next port.
    if (ended === `exit code ${String(portInUseCode)}`) continue;
    signal.throwIfAborted();
    const log = logOf(directory);
    const what = `Node ${place.name} of the demo did not start (${ended})`;
    const text = `${what}; --keep keeps its log. It says:\n${lastWord(log)}`;
    throw new PathwardenError('AGENT_UNREACHABLE', text, { node: place.name, log });
  }
}

const logOf = (directory: string): string => join(directory, 'pathwarden.log');

function launch(name: string, directory: string, config: string, inspectorPort: number): NodeProcess {
  const log = openSync(logOf(directory), 'a');
  const argv = ['--import', leash, program, 'agent', '--config', config];
  // A group of its own: ctrl-c is meant for the launcher.
  const child = spawn(process.execPath, argv, { stdio: ['pipe', log, log], detached: true, cwd: directory });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    // The reason comes as an event, which nobody needs: without a program there is no node.
    child.once('error', () => undefined);
    throw new PathwardenError('AGENT_UNREACHABLE', `Node ${name} of the demo cannot be started`, { node: name });
  }
  // Before the daemon can serve anything: the fence has to know whom to kill.
  writeWhole(join(directory, 'process.json'), JSON.stringify(identityOf(pid)));
  child.stdin?.on('error', () => undefined);
  return {
    name,
    pid,
    inspectorPort,
    url: `http://127.0.0.1:${String(inspectorPort)}`,
    exited: endOf(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function endOf(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? `exit code ${String(code)}`;
}

/** Null once the daemon is ready, else what it waits for. */
async function ready({ url, pid }: NodeProcess, log: string, signal: AbortSignal): Promise<string | null> {
  const until = performance.now() + readyDeadlineMs;
  while (performance.now() < until && !signal.aborted) {
    // Until it says so itself, whoever answers on that port may be somebody else's daemon.
    if (await runs(log, pid)) {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerDeadlineMs) }).catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok === true) return null;
    }
    await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
  return `not ready after ${String(readyDeadlineMs / 1000)} s`;
}

async function runs(log: string, pid: number): Promise<boolean> {
  const lines = (await readFile(log, 'utf8')).split('\n');
  return lines.some((line) => line.includes(`"pid":${String(pid)},`) && line.includes('"msg":"pathwarden runs"'));
}

/** What a person has to know of a log: the last error and what follows it, or the last line there is. */
function lastWord(log: string): string {
  const lines = readFileSync(log, 'utf8').split('\n').filter((line) => line.trim() !== '');
  const isError = (line: string): boolean => /^pathwarden: |"level":"(error|fatal)"|Error: /.test(line);
  const error = lines.findLastIndex(isError);
  if (error === -1) return lines.at(-1) ?? 'its log is empty';
  return lines.slice(error, error + errorLinesMax).join('\n');
}
