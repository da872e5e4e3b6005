// How long a daemon takes to have its actors back from a journal of a million records that a SIGKILL left.
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from './report.ts';

const program = new URL('./journal-boot-process.ts', import.meta.url).pathname;
const records = 1_000_000;
const paths = 1_000;
/** Newer than any snapshot. A daemon saves snapshots every 2,000 records, once the turn is over. */
const behind = 3_000;
const turns = 3;

export interface Boot {
  /** From the first call to the last actor; the process itself was there already. */
  readonly tookMs: number;
  readonly actors: number;
}

export async function benchBoot(directory: string): Promise<readonly Figure[]> {
  const file = join(directory, 'million.db');
  await inProcess<null>('write', file);
  const megabytes = Math.round(statSync(file).size / 1e6);
  const boots: Boot[] = [];
  const bare: Boot[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    boots.push(await inProcess<Boot>('boot', file));
    bare.push(await inProcess<Boot>('bare', file));
  }
  const [first] = boots;
  if (first?.actors !== paths * 2) throw new Error(`${String(first?.actors)} actors came back`);
  return [{
    name: 'boot from 1,000,000 records',
    value: median(boots),
    unit: 'ms',
    bar: { atMost: 3_000 },
    baseline: { value: median(bare), what: 'bare node:sqlite opens the same file and reads the same rows' },
    facts: {
      records, megabytes, actors: first.actors, behind, afterKillMs: Math.round(first.tookMs),
      slowestMs: Math.round(Math.max(...boots.map(({ tookMs }) => tookMs))),
    },
  }];
}

const median = (boots: readonly Boot[]): number =>
  Math.round(boots.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[Math.floor(boots.length / 2)] ?? Number.NaN);

/** A process of its own: nothing is warm but the page cache. It kills itself, so that nothing is closed in order. */
async function inProcess<Answer>(what: 'write' | 'boot' | 'bare', file: string): Promise<Answer> {
  const child = fork(program, [what, file, ...[paths, records, behind].map(String)]);
  const gone = once(child, 'exit').then(() => [undefined]);
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [Answer | undefined];
  if (answer === undefined) throw new Error(`${what} of ${file} broke off`);
  child.kill('SIGKILL');
  await gone;
  return answer;
}
