// The writers of block devices, in a process of their own: whoever disturbs them must not delay them.
import type { InitiatorReply, InitiatorRequest } from '../lab/initiator.ts';
import type { WriteRecord } from '../lab/writer.ts';
import { figuresOf, judgeImage } from '../lab/written.ts';
import { type DevicePath, DeviceWriter } from './device-writer.ts';

let writers: DeviceWriter[] = [];
let running: Promise<void>[] = [];

process.on('message', (request: InitiatorRequest<DevicePath>) => void answer(request));
process.on('disconnect', () => process.exit(0));

async function answer(request: InitiatorRequest<DevicePath>): Promise<void> {
  const body = await handle(request);
  process.send?.({ id: request.id, body } satisfies InitiatorReply);
}

async function handle(request: InitiatorRequest<DevicePath>): Promise<unknown> {
  if (request.type === 'eventLoop') return 0;
  if (request.type === 'stop') return stop();
  if (request.type === 'finish') return finish(request.images);
  if (request.type === 'figures') return writers.map((one) => figuresOf(one, request.from, request.to, hasFailed));
  writers = request.paths.map((path) => new DeviceWriter(path));
  running = writers.map((writer) => writer.run(request.everyMs));
  return undefined;
}

const hasFailed = ({ errors }: WriteRecord): boolean => errors > 0;

async function stop(): Promise<void> {
  for (const writer of writers) writer.stop();
  await Promise.all(running);
}

/** Ends all writers, then judges their blocks: read through their devices, and in the images where those are given. */
async function finish(images: Readonly<Record<string, string>>): Promise<string[]> {
  await stop();
  const problems = writers.flatMap(({ misreads }) => misreads);
  for (const writer of writers) {
    problems.push(...(await writer.verify()));
    const image = images[writer.path.disk];
    if (image !== undefined) problems.push(...judgeImage(writer, image));
  }
  return problems;
}
