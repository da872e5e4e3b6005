// Runs inside the initiator's namespace: one writer per path, and the questions of the lab about them.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { now } from './clock.ts';
import type { InitiatorReply, InitiatorRequest, PathFigures } from './initiator.ts';
import { answerDeadlineMs, type WriteRecord, Writer, type WriterPath } from './writer.ts';
import { figuresOf, judgeImage } from './written.ts';

const readBackEvery = 5;

const eventLoop = monitorEventLoopDelay({ resolution: 5 });
let writers: Writer[] = [];
let running: Promise<void>[] = [];

process.on('message', (request: InitiatorRequest) => void answer(request));
process.on('disconnect', () => process.exit(0));

async function answer(request: InitiatorRequest): Promise<void> {
  const body = await handle(request);
  process.send?.({ id: request.id, body } satisfies InitiatorReply);
}

async function handle(request: InitiatorRequest): Promise<unknown> {
  if (request.type === 'start') return start(request.paths, request.everyMs, request.folder);
  if (request.type === 'figures') return writers.map((writer) => figures(writer, request.from, request.to));
  if (request.type === 'eventLoop') return eventLoopDelay();
  if (request.type === 'stop') return stop();
  return finish(request.images);
}

function start(paths: readonly WriterPath[], everyMs: number, folder: string): void {
  writers = paths.map((path) => new Writer(path, everyMs, folder));
  eventLoop.enable();
  running = writers.map((writer) => writer.run((sequence) => readBack(writer, sequence)));
}

/** Every few writes the block is read again, through the siblings in turn. */
function readBack(writer: Writer, sequence: number): void {
  if (sequence % readBackEvery !== 0) return;
  const siblings = writers.filter((other) => other.path.disk === writer.path.disk);
  siblings[(sequence / readBackEvery) % siblings.length]?.queueRead(writer, sequence);
}

const figures = (writer: Writer, from: number, to: number): PathFigures => figuresOf(writer, from, to, isFailed);

const isFailed = (record: WriteRecord, end: number): boolean => record.errors > 0 || isUnanswered(record, end);

/** It was given up and written again, or it has waited for so long that it will be. */
const isUnanswered = ({ attempts, acknowledgedAt, issuedAt }: WriteRecord, end: number): boolean =>
  attempts > 1 || (acknowledgedAt === null && end - issuedAt > answerDeadlineMs);

function eventLoopDelay(): number {
  const maxMs = eventLoop.max / 1e6;
  eventLoop.reset();
  return maxMs;
}

async function stop(): Promise<void> {
  for (const writer of writers) writer.stop();
  await Promise.all(running);
}

/** Stops all writers, then judges every slot of every path in the image itself and through every sibling path. */
async function finish(images: Readonly<Record<string, string>>): Promise<string[]> {
  await stop();
  const problems = writers.flatMap((writer) => judgeImage(writer, images[writer.path.disk] ?? ''));
  for (const writer of writers) {
    for (const through of writers.filter((other) => other.path.disk === writer.path.disk)) {
      problems.push(...(await verifyThrough(through, writer)));
    }
  }
  return problems;
}

async function verifyThrough(through: Writer, writer: Writer): Promise<string[]> {
  const deadline = now() + 10_000;
  while (now() < deadline) {
    const problems = await through.verify(writer);
    if (problems !== undefined) return problems;
  }
  return [`path ${writer.path.name} could not be read through ${through.path.name}`];
}
