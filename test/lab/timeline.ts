// Who answered for which path, and when: judged strictly. Between two samples anything may have happened.

/** One host's change about one IP. It happened after `after` and was seen at `seen` (monotonic milliseconds). */
export interface Change {
  readonly ip: string;
  readonly host: string;
  readonly after: number;
  readonly seen: number;
  readonly addressUp: boolean;
  readonly portalOpen: boolean;
  /** An initiator's connection is still established. */
  readonly connected: boolean;
}

export interface Interval {
  readonly host: string;
  /** Latest and earliest moment at which it may have begun; the same for its end. */
  readonly from: number;
  readonly fromEarliest: number;
  readonly to: number;
  readonly toLatest: number;
}

export interface DoubleService {
  readonly ip: string;
  readonly hosts: readonly string[];
  readonly at: number;
  /** Longest time that they may have answered together. */
  readonly upToMs: number;
  /** Whether samples prove it; otherwise it happened too near to each other to be excluded. */
  readonly certain: boolean;
}

/** Time without service that began at `from`. `host` ended it; null when nobody has. */
export interface Gap {
  readonly from: number;
  readonly ms: number;
  readonly host: string | null;
}

export class Timeline {
  readonly #changes = new Map<string, Change[]>();

  add(change: Change): void {
    const list = this.#changes.get(change.ip) ?? [];
    list.push(change);
    this.#changes.set(change.ip, list);
  }

  /** Hosts with the address up and the portal open by the last samples. */
  serving(ip: string): string[] {
    const last = new Map<string, Change>();
    for (const change of this.#changes.get(ip) ?? []) last.set(change.host, change);
    return [...last.values()].filter(serves).map((change) => change.host);
  }

  /** When hosts served the IP: address up and portal open. The last one may be open-ended (Infinity). */
  service(ip: string): Interval[] {
    return this.#intervals(ip, serves);
  }

  /**
   * Milliseconds for which nobody can have answered, between the end of the host's last answer after `from` and the
   * first answer of another one. Undefined when the host answers still, or nobody followed.
   */
  marginMs(ip: string, host: string, from: number): number | undefined {
    const intervals = this.#intervals(ip, answers);
    const ended = intervals.filter((interval) => interval.host === host && interval.toLatest >= from);
    const end = Math.max(...ended.map(({ toLatest }) => toLatest));
    const starts = intervals.filter((interval) => interval.host !== host && interval.from >= from);
    const start = Math.min(...starts.map(({ fromEarliest }) => fromEarliest));
    return Number.isFinite(end) && Number.isFinite(start) ? start - end : undefined;
  }

  /** Moments when two hosts answered. An established connection counts as answering, too. */
  double(ip: string, from: number, to: number): DoubleService[] {
    const intervals = this.#intervals(ip, answers);
    return intervals.flatMap((one, index) =>
      intervals.slice(index + 1).flatMap((other) => overlap(ip, one, other, from, to)),
    );
  }

  /** Times without service that began in the window; a running one is measured up to `to`. */
  gaps(ip: string, from: number, to: number): Gap[] {
    const intervals = this.service(ip).sort((one, other) => one.from - other.from);
    return intervals.flatMap((interval, index) => {
      const next = intervals[index + 1];
      const end = Math.min(next?.from ?? to, to);
      if (interval.toLatest < from || interval.to > to || end <= interval.to) return [];
      return [{ from: interval.to, ms: end - interval.to, host: next?.host ?? null }];
    });
  }

  #intervals(ip: string, holds: (change: Change) => boolean): Interval[] {
    const intervals: Interval[] = [];
    const open = new Map<string, { from: number; fromEarliest: number }>();
    for (const change of this.#changes.get(ip) ?? []) {
      const running = open.get(change.host);
      if (holds(change) && running === undefined) {
        open.set(change.host, { from: change.seen, fromEarliest: change.after });
      } else if (!holds(change) && running !== undefined) {
        open.delete(change.host);
        intervals.push({ host: change.host, ...running, to: change.after, toLatest: change.seen });
      }
    }
    for (const [host, running] of open) intervals.push({ host, ...running, to: Infinity, toLatest: Infinity });
    return intervals;
  }
}

const serves = (change: Change): boolean => change.addressUp && change.portalOpen;
const answers = (change: Change): boolean => change.addressUp && (change.portalOpen || change.connected);

function overlap(ip: string, one: Interval, other: Interval, from: number, to: number): DoubleService[] {
  if (one.host === other.host) return [];
  const start = Math.max(one.fromEarliest, other.fromEarliest);
  const end = Math.min(one.toLatest, other.toLatest);
  if (start >= end || end < from || start > to) return [];
  const certain = Math.max(one.from, other.from) <= Math.min(one.to, other.to);
  return [{ ip, hosts: [one.host, other.host], at: start, upToMs: Math.min(end, to) - start, certain }];
}
