// Feeds the watchdog from the main loop, for as long as that is right.
import type { Clock } from '../ports/clock.ts';
import type { WatchdogPort } from '../ports/watchdog.ts';
import type { DaemonLog } from './log.ts';
import { servesNothing, type Signs, Vitality } from './vitality.ts';

export interface FeedingParts {
  readonly watchdog: WatchdogPort;
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly everyMs: number;
  readonly teardownMs: number;
  readonly signs: () => Signs;
}

export interface Feeding {
  /** Disarms the watchdog when nothing is served here, and leaves it armed otherwise. */
  stop(): Promise<void>;
}

export function startFeeding({ watchdog, clock, log, everyMs, teardownMs, signs }: FeedingParts): Feeding {
  const vitality = new Vitality(teardownMs);
  let withheld: string | null = null;
  let hasFed = false;
  let cancel = (): void => {};
  const turn = (): void => {
    const verdict = vitality.judge(signs(), clock.monotonicMs());
    const reason = verdict.feeds ? null : verdict.reason;
    if (verdict.feeds) watchdog.feed();
    if (hasFed && reason !== withheld) {
      if (reason === null) log.info({}, 'the watchdog is fed again');
      else log.error({ data: { reason } }, 'the watchdog is not fed: it will reset this host');
    }
    hasFed ||= verdict.feeds;
    withheld = reason;
    cancel = clock.after(everyMs, turn);
  };
  turn();
  return {
    async stop() {
      cancel();
      if (servesNothing(signs())) return watchdog.disarm();
      if (hasFed) log.warn({}, 'paths are still served: the watchdog stays armed until the next daemon feeds it');
      watchdog.abandon();
    },
  };
}
