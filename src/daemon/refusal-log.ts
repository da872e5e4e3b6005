// Datagrams that are no messages of peers: one line a minute for each kind of them, however many come.
import type { Clock } from '../ports/clock.ts';
import type { DaemonLog } from './log.ts';

const lineEveryMs = 60_000;
/** Networks lose, double and delay packets: these say nothing. */
const ordinary = new Set(['repeated', 'unasked']);

export function refusalLog(log: DaemonLog, clock: Clock): (refusal: string, from: string) => void {
  const lines = new Map<string, { readonly atMs: number; unsaid: number }>();
  return (refusal, from) => {
    if (ordinary.has(refusal)) return;
    const nowMs = clock.monotonicMs();
    const last = lines.get(refusal);
    if (last !== undefined && nowMs - last.atMs < lineEveryMs) {
      last.unsaid += 1;
      return;
    }
    const data = { refusal, from, ...(last === undefined ? {} : { unsaidBefore: last.unsaid }) };
    log.warn({ data }, 'a message to the peers was not taken');
    lines.set(refusal, { atMs: nowMs, unsaid: 0 });
  };
}
