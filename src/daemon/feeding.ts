// Feeds the watchdog from the main loop, for as long as that is right.
import type { Clock } from '../ports/clock.ts';
import type { DataPlane } from '../ports/dataplane.ts';
import { type CallOptions, type Outcome, refused } from '../ports/outcome.ts';
import type { WatchdogPort } from '../ports/watchdog.ts';
import type { DaemonLog } from './log.ts';
import { type Signs, Vitality } from './vitality.ts';

export interface FeedingParts {
  readonly watchdog: WatchdogPort;
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly everyMs: number;
  readonly teardownMs: number;
  readonly signs: () => Signs;
  /** Nothing of ours is served here, read back now. */
  readonly servesNothing: () => Promise<boolean>;
}

export interface Feeding {
  /** Feeds now, if that is right; `done` when the device is armed. */
  arm(options: CallOptions): Promise<Outcome>;
  /** Disarms the watchdog when nothing is served here, and leaves it armed otherwise. */
  stop(): Promise<void>;
}

export function startFeeding(parts: FeedingParts): Feeding {
  const { watchdog, clock, log, everyMs, teardownMs, signs, servesNothing } = parts;
  const vitality = new Vitality(teardownMs);
  let withheld: string | null = null;
  let hasFed = false;
  let cancel = (): void => {};
  const feed = (): void => {
    const verdict = vitality.judge(signs(), clock.monotonicMs());
    const reason = verdict.feeds ? null : verdict.reason;
    if (verdict.feeds) watchdog.feed();
    if (hasFed && reason !== withheld) {
      if (reason === null) log.info({}, 'the watchdog is fed again');
      else log.error({ data: { reason } }, 'the watchdog is not fed: it will reset this host');
    }
    hasFed ||= verdict.feeds;
    withheld = reason;
  };
  const turn = (): void => {
    feed();
    cancel = clock.after(everyMs, turn);
  };
  turn();
  return {
    arm(options) {
      feed();
      return watchdog.armed(options);
    },
    async stop() {
      cancel();
      // Who has fed nothing has not armed it: what an earlier daemon armed stays so.
      if (hasFed && (await servesNothing())) return watchdog.disarm();
      if (hasFed) log.warn({}, 'paths may be served here: the watchdog stays armed until the next daemon feeds it');
      watchdog.abandon();
    },
  };
}

/** No portal is opened before the watchdog is armed: a daemon that dies right after would leave it served for ever. */
export function armedFirst(dataPlane: DataPlane, arm: Feeding['arm']): DataPlane {
  const { target } = dataPlane;
  return {
    ...dataPlane,
    target: {
      ensureDefined: (spec, options) => target.ensureDefined(spec, options),
      ensureRemoved: (spec, options) => target.ensureRemoved(spec, options),
      ensureClosed: (portal, options) => target.ensureClosed(portal, options),
      observe: (options) => target.observe(options),
      async ensureOpen(portal, options) {
        const armed = await arm(options);
        if (armed.kind !== 'done') return refused(`the watchdog is not armed: ${armed.reason}`);
        return target.ensureOpen(portal, options);
      },
    },
  };
}

export interface NotedDataPlane {
  readonly dataPlane: DataPlane;
  /** Targets and addresses of this node were read well at least once. */
  readonly hasBeenRead: () => boolean;
}

/** Until the node was read, nobody knows what an earlier daemon left served on it: that is no time to feed. */
export function noteReads(dataPlane: DataPlane): NotedDataPlane {
  const { target, address } = dataPlane;
  const read = new Set<'target' | 'address'>();
  const noting = async <T>(what: 'target' | 'address', observed: Promise<Outcome<T>>): Promise<Outcome<T>> => {
    const outcome = await observed;
    if (outcome.kind === 'done') read.add(what);
    return outcome;
  };
  return {
    dataPlane: {
      ...dataPlane,
      target: {
        ensureDefined: (spec, options) => target.ensureDefined(spec, options),
        ensureRemoved: (spec, options) => target.ensureRemoved(spec, options),
        ensureOpen: (portal, options) => target.ensureOpen(portal, options),
        ensureClosed: (portal, options) => target.ensureClosed(portal, options),
        observe: (options) => noting('target', target.observe(options)),
      },
      address: {
        probe: (wanted, waitMs, options) => address.probe(wanted, waitMs, options),
        ensureAdded: (wanted, options) => address.ensureAdded(wanted, options),
        ensureRemoved: (unwanted, options) => address.ensureRemoved(unwanted, options),
        announce: (ours, options) => address.announce(ours, options),
        observe: (options) => noting('address', address.observe(options)),
      },
    },
    hasBeenRead: () => read.size === 2,
  };
}
