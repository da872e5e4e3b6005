// Reads the data plane back, again and again, and says when it cannot be read.
import { type ConnectionRoundsParts, startConnectionRounds } from './connection-rounds.ts';
import { inspectDataPlane, type InspectionParts } from './inspect-data-plane.ts';
import type { DaemonLog } from './log.ts';
import { startStorageRounds, type StorageRoundsParts } from './storage-rounds.ts';
import { startTrafficRounds, type TrafficRoundsParts } from './traffic-rounds.ts';

export interface RoundsParts extends InspectionParts, StorageRoundsParts, TrafficRoundsParts, ConnectionRoundsParts {
  readonly settings: StorageRoundsParts['settings'] &
    TrafficRoundsParts['settings'] &
    ConnectionRoundsParts['settings'];
  readonly dataPlane: TrafficRoundsParts['dataPlane'] & ConnectionRoundsParts['dataPlane'];
  readonly log: DaemonLog;
  readonly everyMs: number;
  readonly onChange: () => void;
}

export class Rounds {
  readonly #parts: RoundsParts;
  #trouble: string | null = null;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
  }

  /** Why the data plane cannot be read; null when it can. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Looks, and goes on looking. */
  start(): void {
    void this.#go();
    startStorageRounds(this.#parts);
    startTrafficRounds(this.#parts);
    startConnectionRounds(this.#parts);
  }

  async #go(): Promise<void> {
    const { everyMs, after, isRunning } = this.#parts;
    await this.look();
    if (isRunning()) after(everyMs, () => void this.#go());
  }

  /** Once, now: what no actor holds must not wait when the lease is lost, and keeps a new one from beginning. */
  async look(): Promise<void> {
    const { log, onChange } = this.#parts;
    const trouble = await inspectDataPlane(this.#parts);
    if (trouble !== this.#trouble) {
      const unread = 'the data plane cannot be read; nothing is done because of that';
      if (trouble === null) log.info({}, 'the data plane can be read');
      else log.warn({ data: { reason: trouble } }, unread);
      this.#trouble = trouble;
      onChange();
    }
  }
}
