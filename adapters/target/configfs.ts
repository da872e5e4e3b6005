// Configfs by way of a process of its own: what hangs in the kernel hangs there, and the caller is answered in time.
import { extname, join } from 'node:path';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { startCompanion } from '../run.ts';
import {
  type Folder, type PathKind, type Reply, type Request, type Shape, type Step, threadsMax, type Work,
} from './configfs-protocol.ts';

export interface Configfs {
  /** What is there now, in the order of the question; null for a folder that is not. */
  look(what: readonly { folder: string; shape: Shape }[], options: CallOptions): Promise<Outcome<readonly Tree[]>>;
  /** In order, up to the first that fails: `refused`, with the kernel's error as its code. */
  change(steps: readonly Step[], options: CallOptions): Promise<Outcome>;
  kindOf(path: string, options: CallOptions): Promise<Outcome<PathKind>>;
  /** Files to which a call writes `0`, by which the kernel disables: it may not have returned from it yet. */
  disabling(): readonly string[];
  /** Of these, the ones whose call was given up. */
  givenUp(): readonly string[];
}

export type Tree = Folder | null;

export function configfs(root: string): Configfs {
  const { ask, disabling, givenUp } = caller(root);
  return {
    disabling,
    givenUp,
    async look(what, options) {
      const reply = await ask({ look: what }, options);
      if (typeof reply === 'string') return unknown(reply);
      // A failed read says nothing about what is there.
      return reply.kind === 'looked' ? done(reply.folders) : unknown(told(reply));
    },
    async change(steps, options) {
      if (steps.length === 0) return done(null);
      const reply = await ask({ steps }, options);
      if (typeof reply === 'string') return unknown(reply);
      if (reply.kind === 'stepped') return done(null);
      return reply.kind === 'failed' ? refused(told(reply), reply.code) : unknown(told(reply));
    },
    async kindOf(path, options) {
      const reply = await ask({ kindOf: path }, options);
      if (typeof reply === 'string') return unknown(reply);
      return reply.kind === 'kind' ? done(reply.is) : unknown(told(reply));
    },
  };
}

function told(reply: Reply): string {
  if (reply.kind === 'failed') return `${reply.path}: ${reply.code}`;
  return reply.kind === 'stopped' ? `no time was left for ${reply.before}` : 'an answer to something else';
}

const program = join(import.meta.dirname, `configfs-program${extname(import.meta.filename)}`);

const graceMs = 10;
const silenceMs = 5000;

interface Companion {
  readonly child: ReturnType<typeof startCompanion>;
  readonly waiting: Map<number, { readonly work: Work; readonly resolve: (reply: Reply | string) => void }>;
  /** Calls that were given up and may still hang. */
  readonly hanging: Map<number, Work>;
  ended: boolean;
  heard: number;
}

type Ask = (work: Work, options: CallOptions) => Promise<Reply | string>;

/** `ask` gives the answer, or why there is none. */
function caller(root: string): { ask: Ask } & Pick<Configfs, 'disabling' | 'givenUp'> {
  let companion: Companion | null = null;
  /** Also those that were left behind, as long as they live. */
  const living = new Set<Companion>();
  let lastId = 0;
  const givenUp = (): readonly string[] => [...living].flatMap(({ hanging }) => disabledBy(hanging.values()));
  const disabling = (): readonly string[] => [
    ...givenUp(),
    ...[...living].flatMap(({ waiting }) => disabledBy(Array.from(waiting.values(), ({ work }) => work))),
  ];
  const begin: Ask = (work, options) => {
    if (options.signal?.aborted === true) return Promise.resolve('called off before it started');
    if (options.deadlineMs <= 0) return Promise.resolve('no time was left to start it');
    if (companion !== null && companion.hanging.size >= threadsMax / 2) retire(companion);
    if (companion === null || companion.ended) {
      const opened = open();
      companion = opened;
      living.add(opened);
      opened.child.once('exit', () => living.delete(opened));
    }
    lastId += 1;
    return ask(companion, { id: lastId, root, deadlineMs: options.deadlineMs, work }, options.signal);
  };
  return { ask: begin, disabling, givenUp };
}

function disabledBy(calls: Iterable<Work>): string[] {
  const steps = Array.from(calls, (work) => ('steps' in work ? work.steps : [])).flat();
  return steps.flatMap((step) => ('write' in step && step.text === '0' ? [step.write] : []));
}

function open(): Companion {
  const child = startCompanion(program);
  const companion: Companion = { child, waiting: new Map(), hanging: new Map(), ended: false, heard: 0 };
  const end = (): void => {
    companion.ended = true;
    for (const { resolve } of companion.waiting.values()) resolve('the process that touches configfs has ended');
  };
  // It lives for as long as the kernel keeps what it began.
  const leave = (): void => {
    for (const [id, { work }] of companion.waiting) companion.hanging.set(id, work);
    end();
  };
  child.on('message', (reply: Reply) => {
    companion.heard += 1;
    companion.hanging.delete(reply.id);
    companion.waiting.get(reply.id)?.resolve(reply);
  });
  child.once('disconnect', leave).once('exit', end).once('error', end);
  return companion;
}

/** It ends when the kernel lets its threads go; the next call gets a new one. */
function retire(companion: Companion): void {
  companion.ended = true;
  if (companion.child.connected) companion.child.disconnect();
}

async function ask(
  companion: Companion,
  request: Extract<Request, { work: Work }>,
  signal: AbortSignal | undefined,
): Promise<Reply | string> {
  const { promise, resolve } = Promise.withResolvers<Reply | string>();
  const { id } = request;
  companion.waiting.set(id, { work: request.work, resolve });
  const give = (why: string): void => {
    companion.hanging.set(id, request.work);
    tell(companion, { id, callOff: true });
    endUnlessHeard(companion);
    resolve(why);
  };
  const late = setTimeout(give, request.deadlineMs + graceMs, 'the kernel gave no answer before the deadline');
  const calledOff = (): void => give('called off');
  signal?.addEventListener('abort', calledOff, { once: true });
  tell(companion, request);
  const reply = await promise;
  clearTimeout(late);
  signal?.removeEventListener('abort', calledOff);
  companion.waiting.delete(id);
  return reply;
}

function tell({ child, ended }: Companion, request: Request): void {
  // What cannot be sent is answered by the end of the process or by the deadline.
  if (!ended && child.connected) child.send(request, () => undefined);
}

/** One call that hangs holds up no other: a process that answered and then answers nobody is broken. */
function endUnlessHeard(companion: Companion): void {
  const { heard } = companion;
  if (heard === 0) return;
  setTimeout(() => {
    if (companion.heard !== heard || companion.waiting.size === 0) return;
    // It may live on for as long as a thread of it is in the kernel.
    retire(companion);
    companion.child.kill('SIGKILL');
  }, silenceMs).unref();
}
