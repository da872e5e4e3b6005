// A FIFO in place of the device, so that every byte and the end can be seen, and a process that feeds it.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface Stage {
  readonly feeder: ChildProcess;
  readonly device: Device;
  /** Process id of the helper that holds the device. */
  readonly keeper: () => number;
  close(): Promise<void>;
}

export interface Device {
  readonly file: string;
  readonly bytes: string;
  /** Whoever held it has closed it. */
  readonly ended: Promise<unknown>;
  /** Resolves when this many more bytes have come. */
  more(count: number): Promise<void>;
  close(): void;
}

export async function openStage(settings: { everyMs?: number; tokenAgeMs?: number } = {}): Promise<Stage> {
  const folder = await mkdtemp('/tmp/pathwarden-watchdog-');
  const file = join(folder, 'watchdog7');
  const device = openDevice(file);
  const argv = [file, String(settings.everyMs ?? 20), String(settings.tokenAgeMs ?? 1000)];
  const feeder = fork(join(import.meta.dirname, 'feeder.ts'), argv);
  await once(feeder, 'message');
  return {
    feeder,
    device,
    keeper: () => Number(readFileSync(`/proc/${feeder.pid}/task/${feeder.pid}/children`, 'utf8').trim()),
    async close() {
      if (feeder.exitCode === null) feeder.kill('SIGKILL');
      device.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function openDevice(file: string): Device {
  spawnSync('mkfifo', [file]);
  const reader = spawn('cat', [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let bytes = '';
  const waiting = new Set<() => void>();
  reader.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  return {
    file,
    get bytes() {
      return bytes;
    },
    ended: once(reader, 'close'),
    close: () => void reader.kill('SIGKILL'),
    more(count) {
      const goal = bytes.length + count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (bytes.length >= goal && waiting.delete(look)) resolve();
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}
