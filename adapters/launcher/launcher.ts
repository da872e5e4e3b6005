// Runs programs from a small process of its own. Starting a program copies the page tables of the process that starts
// it and stops it meanwhile: for a daemon with a large heap that takes several milliseconds, for a small one less than
// one. A move of a path runs a score of programs.
import { extname, join } from 'node:path';
import { createRunner, type Run, type RunOptions, type RunResult, startCompanion } from '../run.ts';
import type { Reply, Request } from './protocol.ts';

export interface Launcher {
  readonly run: Run;
  /** What still runs is left behind, its result unknown. */
  close(): void;
}

/**
 * Begins now, so that the first command does not wait. A process that ended or hangs is replaced at the next call; for
 * one that ended without a word this process runs the programs itself from then on, slower but sure.
 */
export function startLauncher(program = ownProgram): Launcher {
  const here = createRunner();
  let companion: Companion | null = open(program);
  let lastId = 0;
  return {
    run: (argv, options) => {
      if (companion?.ended === true && companion.heard === 0) return here(argv, options);
      if (companion === null || companion.ended) companion = open(program);
      lastId += 1;
      return ask(companion, { id: lastId, argv, options });
    },
    close() {
      companion?.child.disconnect();
      companion = null;
    },
  };
}

const ownProgram = join(import.meta.dirname, `program${extname(import.meta.filename)}`);

interface Companion {
  readonly child: ReturnType<typeof startCompanion>;
  readonly waiting: Map<number, (result: RunResult) => void>;
  ended: boolean;
  heard: number;
}

function open(program: string): Companion {
  const companion: Companion = { child: startCompanion(program), waiting: new Map(), ended: false, heard: 0 };
  const { child, waiting } = companion;
  const end = (): void => {
    companion.ended = true;
    for (const resolve of waiting.values()) resolve(failed('the process that ran it has ended'));
  };
  child.on('message', ({ id, result }: Reply) => {
    companion.heard += 1;
    waiting.get(id)?.(result);
  });
  child.once('disconnect', end).once('exit', end).once('error', end);
  return companion;
}

interface Call {
  readonly id: number;
  readonly argv: readonly string[];
  readonly options: RunOptions;
}

async function ask(companion: Companion, { id, argv, options }: Call): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const { signal, ...sent } = options;
  companion.waiting.set(id, resolve);
  const calledOff = (): void => {
    tell(companion, { id, callOff: true });
    resolve(failed('called off'));
  };
  const late = (): void => {
    replaceUnlessHeard(companion);
    resolve(failed('no answer before its deadline'));
  };
  const deadline = setTimeout(late, options.deadlineMs + graceMs);
  signal?.addEventListener('abort', calledOff, { once: true });
  if (signal?.aborted === true) resolve(failed('called off before it started'));
  else tell(companion, { id, argv, options: sent });
  const result = await promise;
  clearTimeout(deadline);
  signal?.removeEventListener('abort', calledOff);
  companion.waiting.delete(id);
  return result;
}

// The companion keeps the deadlines itself; this is for one that does not answer at all.
const graceMs = 50;
const silenceMs = 1000;

function tell({ child, ended }: Companion, request: Request): void {
  // What cannot be sent is answered by the end of the process or by the deadline.
  if (!ended && child.connected) child.send(request, () => undefined);
}

function replaceUnlessHeard(companion: Companion): void {
  const { heard } = companion;
  setTimeout(() => {
    if (companion.heard === heard) companion.child.kill('SIGKILL');
  }, silenceMs).unref();
}

const failed = (reason: string): RunResult => ({ kind: 'unknown', reason, command: '', durationMs: 0 });
