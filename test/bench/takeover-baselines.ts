// What a takeover is held against: a loop that takes one path at a time, and bare parallel lock requests.
import { setTimeout as pause } from 'node:timers/promises';
import { ask, closeSession, listKeys, openSession, putKeys } from './kv.ts';

/** Paths that the loop with its sleeps is measured with, each of another disk: the least that it waits. */
const sleepyPaths = 8;
const workers = 2;

const keysOf = (prefix: string, count: number, perDisk: number): readonly string[] =>
  Array.from({ length: count }, (_, position) => {
    const disk = Math.floor(position / perDisk);
    return `${prefix}${String(disk)}/${String((position % perDisk) + 1)}`;
  });

/** Milliseconds until every key is locked, half by each of two sessions, 48 requests at a time through each server. */
export async function parallelAcquires(consuls: readonly string[], count: number): Promise<number> {
  const prefix = 'bench-floor/';
  return withKeys(consuls, prefix, count, async (keys, sessions) => {
    await Promise.all(
      keys.map(async (key, position) => {
        const { consul, session } = at(sessions, position % workers);
        await mustLock(consul, key, session);
      }),
    );
  });
}

export interface LoopFigures {
  readonly measuredPaths: number;
  readonly measuredMs: number;
  readonly extrapolatedMs: number;
  readonly sleeplessMs: number;
}

export async function loopBaseline(consuls: readonly string[], count: number): Promise<LoopFigures> {
  const loops = (sleeps: boolean) => (keys: readonly string[], sessions: readonly Worker[], prefix: string) =>
    Promise.all(sessions.map((worker) => loop(worker, prefix, keys.length, sleeps)));
  const measuredMs = await withKeys(consuls, 'bench-loop/', sleepyPaths, loops(true), 1);
  const sleeplessMs = await withKeys(consuls, 'bench-sleepless/', count, loops(false));
  const extrapolatedMs = Math.round((measuredMs * count) / sleepyPaths);
  return { measuredPaths: sleepyPaths, measuredMs, extrapolatedMs, sleeplessMs };
}

interface Worker {
  readonly consul: string;
  readonly session: string;
}

/** One pass per path, as the facts say: read everything, choose one, wait, lock, read back, go on. */
async function loop({ consul, session }: Worker, prefix: string, all: number, sleeps: boolean): Promise<void> {
  let mine = 0;
  for (;;) {
    const rows = await listKeys(consul, prefix);
    const free = rows.filter(({ Session }) => Session === undefined);
    const own = rows.filter(({ Session }) => Session === session).map(({ Key }) => diskOf(Key));
    const chosen = free.find(({ Key }) => !own.includes(diskOf(Key))) ?? free[Math.floor(Math.random() * free.length)];
    if (chosen === undefined) return;
    // Four seconds for each own path of that disk, and two for each average load that this node has already.
    const siblings = own.filter((disk) => disk === diskOf(chosen.Key)).length;
    if (sleeps) await pause(4000 * siblings + (2000 * mine) / Math.max(1, all / workers));
    const locked = await ask<boolean>('PUT', `${consul}/v1/kv/${chosen.Key}?acquire=${session}`, session);
    const [back] = await listKeys(consul, chosen.Key);
    if (locked === true && back?.Session === session) mine += 1;
    // After every wake of its watch it sleeps, so that it does not spin.
    if (sleeps) await pause(2000);
  }
}

const diskOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));

async function withKeys(
  consuls: readonly string[],
  prefix: string,
  count: number,
  work: (keys: readonly string[], workers: readonly Worker[], prefix: string) => Promise<unknown>,
  perDisk = 4,
): Promise<number> {
  const keys = keysOf(prefix, count, perDisk);
  const [first = ''] = consuls;
  await putKeys(first, keys.map((key) => [key, 'n1'] as const));
  const sessions: Worker[] = await Promise.all(
    consuls.slice(1, 1 + workers).map(async (consul) => ({ consul, session: await openSession(consul, prefix) })),
  );
  const startMs = performance.now();
  await work(keys, sessions, prefix);
  const tookMs = Math.round(performance.now() - startMs);
  await Promise.all(sessions.map(({ consul, session }) => closeSession(consul, session)));
  await ask('DELETE', `${first}/v1/kv/${prefix}?recurse`);
  return tookMs;
}

async function mustLock(consul: string, key: string, session: string): Promise<void> {
  if ((await ask<boolean>('PUT', `${consul}/v1/kv/${key}?acquire=${session}`, session)) !== true) {
    throw new Error(`${key} was not locked`);
  }
}

function at<T>(list: readonly T[], position: number): T {
  const found = list[position];
  if (found === undefined) throw new Error(`there is no entry ${String(position)}`);
  return found;
}
