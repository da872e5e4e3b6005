// What Consul says, as this process last read it, and how long ago that was.
import { emptyView, viewParser, type ClusterView } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterPort, ClusterSnapshot } from '../ports/cluster.ts';
import type { DaemonLog } from './log.ts';

export interface ReadingParts {
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly onView: () => void;
  readonly onTrouble: () => void;
}

export class Reading {
  readonly #parts: ReadingParts;
  readonly #parse = viewParser();
  readonly #viewed = Promise.withResolvers<void>();
  #view: ClusterView | null = null;
  #watch: { stop(): Promise<void> } | null = null;
  #trouble: string | null = 'Consul was not read yet';
  #lastMs: number | null = null;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  start(cluster: ClusterPort): void {
    const { log, onTrouble } = this.#parts;
    this.#watch = cluster.watch({
      onSnapshot: (snapshot) => this.#onSnapshot(snapshot),
      onContact: (sentAtMs) => {
        this.#lastMs = sentAtMs;
        this.#trouble = null;
      },
      onTrouble: (reason) => {
        this.#trouble = reason;
        if (reason === null) log.info({}, 'Consul answers');
        else log.warn({ data: { reason } }, 'Consul cannot be read; nothing served is touched because of that');
        onTrouble();
      },
    });
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
  }

  /** Null before the first. */
  get latest(): ClusterView | null {
    return this.#view;
  }

  get view(): ClusterView {
    return this.#view ?? emptyView;
  }

  /** Settles when Consul was read for the first time. */
  get viewed(): Promise<void> {
    return this.#viewed.promise;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** Milliseconds since the last good contact, that of the lease among them; null before the first. */
  ageMs(leaseContactMs: number | null): number | null {
    const lastMs = Math.max(this.#lastMs ?? -1, leaseContactMs ?? -1);
    return lastMs < 0 ? null : Math.max(0, Math.round(this.#parts.clock.monotonicMs() - lastMs));
  }

  #onSnapshot(snapshot: ClusterSnapshot): void {
    const before = new Set(this.#view?.problems.map(({ key }) => key));
    this.#view = this.#parse(snapshot);
    this.#viewed.resolve();
    for (const problem of this.#view.problems) {
      if (!before.has(problem.key))
        this.#parts.log.warn({ data: problem }, 'a key cannot be understood; it is skipped');
    }
    this.#parts.onView();
  }
}
