// Started by configfs.ts: reads and changes configfs, until the process that started it is gone. A write that waits
// for the storage cannot be killed, nor can the process that makes it: so it must not be the daemon. Each call has a
// thread for itself, so what hangs holds up no other.
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Reply, type Request, threadsMax } from './configfs-protocol.ts';

type Asked = Extract<Request, { work: unknown }>;

interface Thread {
  readonly worker: Worker;
  /** Not zero when the call it works on is not wanted any more. */
  readonly calledOff: Int32Array;
  /** The id of its call; null when it waits for one. */
  call: number | null;
}

interface Call {
  readonly request: Asked;
  readonly ends: number;
}

/** Enough as long as nothing hangs: a call takes less than a millisecond. */
const threadsUsual = 3;
/** When no thread came free for so long, more are started. */
const busyMs = 200;
const startedAtOnce = 8;
const program = join(import.meta.dirname, `configfs-thread${extname(import.meta.filename)}`);

const threads = new Set<Thread>();
const waiting: Call[] = [];
let starting = 0;
let freed = 0;
let growth: NodeJS.Timeout | null = null;

process.on('message', (request: Request) => {
  if ('callOff' in request) callOff(request.id);
  else take({ request, ends: performance.now() + request.deadlineMs });
});

// Whoever stops the daemon with its whole group still wants it to finish.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
// Not an exit, which would wait for the threads.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

function take(call: Call): void {
  waiting.push(call);
  const idle = [...threads].find((thread) => thread.call === null);
  if (idle !== undefined) next(idle);
  else if (threads.size + starting < threadsUsual) start();
  growth ??= setTimeout(grow, busyMs);
}

function next(thread: Thread): void {
  const call = waiting.shift();
  thread.call = call?.request.id ?? null;
  if (call === undefined) return spare(thread);
  Atomics.store(thread.calledOff, 0, 0);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
  thread.worker.postMessage({ ...call.request, deadlineMs: call.ends - performance.now() });
}

/** Those that were started because others hung are not kept. */
function spare(thread: Thread): void {
  const idle = [...threads].filter(({ call }) => call === null);
  if (idle.length <= threadsUsual) return;
  threads.delete(thread);
  void thread.worker.terminate();
}

function grow(): void {
  growth = null;
  if (waiting.length === 0) return;
  const allHang = performance.now() - freed >= busyMs && starting === 0;
  const more = allHang ? Math.min(waiting.length, startedAtOnce, threadsMax - threads.size) : 0;
  for (let one = 0; one < more; one += 1) start();
  growth = setTimeout(grow, busyMs);
}

function start(): void {
  starting += 1;
  const calledOff = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { workerData: calledOff });
  const thread: Thread = { worker, calledOff, call: null };
  worker.once('online', () => {
    starting -= 1;
    threads.add(thread);
    next(thread);
  });
  worker.on('message', (reply: Reply) => {
    freed = performance.now();
    answer(reply);
    next(thread);
  });
}

function answer(reply: Reply): void {
  // Whoever asked may have gone in between; that ends this process in its own way.
  if (process.connected) process.send?.(reply, undefined, undefined, () => undefined);
}

function callOff(id: number): void {
  const at = waiting.findIndex(({ request }) => request.id === id);
  if (at >= 0) {
    waiting.splice(at, 1);
    answer({ id, kind: 'stopped', before: 'anything' });
  }
  for (const { call, calledOff } of threads) if (call === id) Atomics.store(calledOff, 0, 1);
}
