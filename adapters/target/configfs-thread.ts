// A thread of configfs-program.ts: one call after the other, each in one go. A call has some hundred small reads; to
// let each of them wait for itself cost ten times as much as the reads.
import {
  closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmdirSync, statSync, symlinkSync,
  unlinkSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Folder, PathKind, Reply, Request, Shape, Step } from './configfs-protocol.ts';

type Asked = Extract<Request, { work: unknown }>;
type Answer = Reply extends infer Each ? (Each extends Reply ? Omit<Each, 'id'> : never) : never;

const calledOff = workerData as Int32Array;
// Nobody reads where in here an error came from.
Error.stackTraceLimit = 0;

parentPort?.on('message', (request: Asked) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  parentPort?.postMessage({ id: request.id, ...attempt(request) });
});

function attempt(request: Asked): Answer {
  try {
    return work(request);
  } catch (error) {
    const { code = 'no reason given', path = request.root } = error as NodeJS.ErrnoException;
    return { kind: 'failed', path, code };
  }
}

function work({ root, deadlineMs, work }: Asked): Answer {
  if ('kindOf' in work) return { kind: 'kind', is: kindOf(work.kindOf) };
  if ('look' in work) {
    return { kind: 'looked', folders: work.look.map(({ folder, shape }) => look(join(root, folder), shape)) };
  }
  const ends = performance.now() + deadlineMs;
  for (const step of work.steps) {
    if (performance.now() > ends || Atomics.load(calledOff, 0) !== 0) return { kind: 'stopped', before: pathOf(step) };
    const code = take(root, step);
    if (code !== null) return { kind: 'failed', path: join(root, pathOf(step)), code };
  }
  return { kind: 'stepped' };
}

function pathOf(step: Step): string {
  if ('make' in step) return step.make;
  if ('remove' in step) return step.remove;
  if ('write' in step) return step.write;
  if ('link' in step) return step.link;
  return 'unlink' in step ? step.unlink : step.expect;
}

/** The error code, or null when it is so now. */
function take(root: string, step: Step): string | null {
  const path = join(root, pathOf(step));
  if ('make' in step) return attemptStep(() => mkdirSync(path), 'EEXIST');
  if ('remove' in step) return attemptStep(() => rmdirSync(path), 'ENOENT');
  if ('write' in step) return attemptStep(() => write(path, step.text));
  if ('link' in step) return attemptStep(() => symlinkSync(join(root, step.to), path), 'EEXIST');
  if ('unlink' in step) return attemptStep(() => unlinkSync(path), 'ENOENT');
  return textOf(path) === step.text ? null : 'not as it was written';
}

/** In one go, and only what is there: configfs takes nothing else, and some attributes cannot be opened to read. */
function write(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

function attemptStep(work: () => unknown, harmless?: string): string | null {
  try {
    work();
    return null;
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException;
    return code === harmless ? null : code;
  }
}

/** Null when it is not there. What goes away while it is read is left out. */
function look(path: string, shape: Shape): Folder | null {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  const files: Record<string, string> = {};
  const folders: Record<string, Folder> = {};
  const links: Record<string, string> = {};
  const { '*': each, ...named } = shape;
  const entries = each === undefined ? [] : (orNull(() => readdirSync(path, { withFileTypes: true })) ?? []);
  const others = entries.filter(({ name }) => !(name in named));
  for (const { name } of others.filter((entry) => entry.isSymbolicLink())) {
    const to = orNull(() => readlinkSync(join(path, name)));
    if (to !== null) links[name] = to;
  }
  const found = others.filter((entry) => entry.isDirectory()).map(({ name }) => [name, each ?? 'read'] as const);
  const inner = [...Object.entries(named), ...found.filter(([, wanted]) => wanted !== 'read')];
  for (const [name, wanted] of inner) {
    if (wanted === 'read') {
      const text = textOf(join(path, name));
      if (text !== null) files[name] = text;
    } else {
      const folder = look(join(path, name), wanted);
      if (folder !== null) folders[name] = folder;
    }
  }
  return { files, folders, links };
}

const textOf = (path: string): string | null => orNull(() => readFileSync(path, 'utf8'))?.replace(/\n$/, '') ?? null;

function kindOf(path: string): PathKind {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'none';
  if (found.isFile()) return 'file';
  return found.isBlockDevice() ? 'device' : 'other';
}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
