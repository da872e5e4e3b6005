// Our own watch loop: one recursive blocking query on the prefix, by the rules of Consul's blocking queries.
import type { Clock } from '../../src/ports/clock.ts';
import type { WatchHandlers } from '../../src/ports/cluster.ts';
import type { Outcome } from '../../src/ports/outcome.ts';
import type { ConsulApi } from './api.ts';
import { sameEntries } from './entries.ts';
import { type PrefixRead, readPrefix } from './reads.ts';
import { openTokenBucket, pause } from './token-bucket.ts';

export interface WatchOptions {
  readonly api: ConsulApi;
  readonly clock: Clock;
  readonly prefix: string;
  readonly pace?: Partial<WatchPace>;
}

export interface WatchPace {
  /** How long one blocking query may wait. Short: a query that hangs on a dead leader is noticed only after it. */
  readonly waitMs: number;
  /** Added to the longest answer time that Consul allows itself (17/16 of the wait). */
  readonly marginMs: number;
  /** Deadline of a read that does not wait. */
  readonly readMs: number;
  readonly burst: number;
  readonly refillMs: number;
  readonly firstBackOffMs: number;
  readonly longestBackOffMs: number;
  /** Taking in a big prefix keeps the process busy: this many times as long is rested before the next read. */
  readonly restFactor: number;
  readonly longestRestMs: number;
}

const defaultPace: WatchPace = {
  waitMs: 5000,
  marginMs: 1000,
  readMs: 2000,
  burst: 2,
  refillMs: 50,
  firstBackOffMs: 50,
  longestBackOffMs: 1000,
  restFactor: 4,
  longestRestMs: 250,
};

export interface Watch {
  stop(): Promise<void>;
  /** Calls off what it asked and asks anew: that may hang on a leader that died meanwhile. */
  again(): void;
}

export function startWatch(options: WatchOptions, handlers: WatchHandlers): Watch {
  const stopping = new AbortController();
  const query = { asked: new AbortController() };
  const running = follow(options, handlers, stopping.signal, query);
  return {
    stop() {
      stopping.abort();
      query.asked.abort();
      return running;
    },
    again() {
      query.asked.abort();
    },
  };
}

async function follow(
  options: WatchOptions,
  handlers: WatchHandlers,
  signal: AbortSignal,
  query: { asked: AbortController },
): Promise<void> {
  const { clock } = options;
  const pace = { ...defaultPace, ...options.pace };
  const bucket = openTokenBucket(clock, pace);
  let seen: PrefixRead | null = null;
  let trouble: string | null = null;
  let failures = 0;
  // 0 asks for a plain read: at the start, after any failure, and when the index went back.
  let index = 0;
  for (;;) {
    await bucket.take(signal);
    if (signal.aborted) return;
    const sentAtMs = clock.monotonicMs();
    const { signal: calledOff } = (query.asked = new AbortController());
    const read = await readOnce(options, pace, { index, seen }, calledOff);
    if (signal.aborted) return;
    if (calledOff.aborted) {
      index = 0;
      continue;
    }
    const reason = read.kind === 'done' ? null : read.reason;
    if (reason !== trouble) handlers.onTrouble(reason);
    trouble = reason;
    if (read.kind !== 'done') {
      index = 0;
      await pause(clock, backOffMs(pace, failures++), signal);
      continue;
    }
    failures = 0;
    handlers.onContact?.(sentAtMs);
    index = nextIndex(index, read.value.index);
    if (seen !== null && sameEntries(seen.entries, read.value.entries)) continue;
    seen = read.value;
    const startMs = clock.monotonicMs();
    handlers.onSnapshot(seen);
    await pause(clock, restMs(pace, clock.monotonicMs() - startMs), signal);
  }
}

const readOnce = (
  options: WatchOptions,
  { waitMs, marginMs, readMs }: WatchPace,
  { index, seen }: { index: number; seen: PrefixRead | null },
  signal: AbortSignal,
): Promise<Outcome<PrefixRead>> =>
  index === 0
    ? readPrefix(options, { consistent: true }, { deadlineMs: readMs, signal })
    : readPrefix(options, { index, waitMs }, { deadlineMs: (waitMs * 17) / 16 + marginMs, signal }, seen);

// An index that goes back (snapshot restored, newest key deleted) starts anew; 0 would turn blocking off and spin.
const nextIndex = (asked: number, answered: number): number => (answered < asked ? 0 : Math.max(1, answered));

const restMs = ({ restFactor, longestRestMs }: WatchPace, busyMs: number): number =>
  Math.min(longestRestMs, Math.floor(busyMs) * restFactor);

const backOffMs = ({ firstBackOffMs, longestBackOffMs }: WatchPace, failures: number): number =>
  Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(failures, 10));
