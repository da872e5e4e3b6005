// Nobody serves past its own deadline: a daemon that runs lets go of every path in the moment in which its right ends.
import { journalPatienceMs } from './journal-faults.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import type { Right } from './right.ts';
import type { Timeline } from './timeline.ts';

const idleMs = 1_000;
/** Turns that may have to be written before the last path has heard. */
const commitsMax = 8;

/** How long what every path has to hear may take, counted from then. */
export const turnSlackMs = ({ shape }: Pick<Parts, 'shape'>, { journalFaults }: Powered, sinceMs: number): number =>
  1 + commitsMax * shape.commitMs + (journalFaults.feltSince(sinceMs) ? journalPatienceMs : 0);

/** Answers how to look at once, when the right ends before its time. */
export function watchDeadline(
  { world, judge, shape }: Parts,
  host: Powered & { readonly right: Right },
  process: Timeline,
): () => void {
  const { right } = host;
  let overSinceMs: number | null = null;
  let cancel = (): void => {};
  const again = (ms: number): void => {
    cancel();
    cancel = world.after(ms, look);
  };
  const look = (): void => {
    if (process.isEnded || host.isStopping) return;
    if (!process.isRunning) {
      overSinceMs = null;
      return process.deliver(() => again(0));
    }
    const leftMs = right.remainingMs;
    // What the journal of a host that lost its power says is served is not.
    const isHere = (id: string): boolean => judge.servers(id.slice('path/'.length)).includes(host.name);
    const paths = leftMs > 0 ? [] : host.enabledPaths().filter(isHere);
    if (leftMs > 0 || paths.length === 0) {
      overSinceMs = null;
      return again(leftMs > 0 ? leftMs * 1.03 + 1 : idleMs);
    }
    overSinceMs ??= world.nowMs;
    const slackMs = turnSlackMs({ shape }, host, overSinceMs);
    if (world.nowMs - overSinceMs < slackMs) return again(slackMs);
    const what = `${host.name} is past its deadline since ${String(world.nowMs - overSinceMs)} ms, and still serves`;
    judge.violate('served after the own deadline', `${what} ${paths.join(', ')}`);
  };
  again(idleMs);
  return () => again(0);
}
