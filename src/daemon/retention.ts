// Keeps the journal within its age and size: old records go in small steps, so that appends never wait for it.
import type { Clock } from '../ports/clock.ts';
import type { Compacted, JournalPort } from '../ports/journal.ts';

export interface RetentionLimits {
  readonly keepDays: number;
  readonly maxMegabytes: number;
}

export interface RetentionParts {
  readonly journal: JournalPort;
  readonly clock: Clock;
  /** Absent: everything is kept, unless somebody asks. */
  readonly limits?: RetentionLimits;
  /** False while records wait for the disk: nothing else may make it work then. */
  isWritable(): boolean;
  /** Brings every snapshot up to date, so that the records before it are needed no more. */
  saveSnapshots(): Promise<void>;
  onDone(result: CompactionResult): void;
  onFailed(error: unknown): void;
}

/** What one compaction did; `heldAt` and `usedBytes` as the journal says. */
export interface CompactionResult {
  readonly removed: number;
  readonly heldAt: number | null;
  readonly usedBytes: number;
}

const everyMs = 60_000;
const pauseMs = 20;
const stepRecords = 250;
const dayMs = 86_400_000;

export class Retention {
  readonly #parts: RetentionParts;
  #cancel = (): void => {};
  #running: Promise<CompactionResult> | null = null;
  #stopped = false;
  #usedBytes: number | null = null;
  #savedMs: number;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#savedMs = parts.clock.monotonicMs();
  }

  start(): void {
    const { limits } = this.#parts;
    if (limits === undefined || this.#stopped) return;
    this.#cancel = this.#parts.clock.after(everyMs, () => {
      void this.#look(limits)
        .catch((error: unknown) => this.#parts.onFailed(error))
        .finally(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Once a day every snapshot is stored, so that each day's states can be rebuilt when the days before are gone. */
  async #look(limits: RetentionLimits): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#savedMs >= dayMs && this.#parts.isWritable()) {
      this.#savedMs = now;
      await this.#parts.saveSnapshots();
    }
    await this.compact(limits);
  }

  /** As of the last look; null before it. */
  get usedBytes(): number | null {
    return this.#usedBytes;
  }

  /** One at a time: whoever asks meanwhile gets the answer of the one that runs. Rejects as the journal does. */
  compact(limits: RetentionLimits): Promise<CompactionResult> {
    this.#running ??= this.#run(limits).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(limits: RetentionLimits): Promise<CompactionResult> {
    const keepSince = this.#parts.clock.wallMs() - limits.keepDays * dayMs;
    const retention = { keepSince, bytesMax: limits.maxMegabytes * 1_000_000, recordsMax: stepRecords };
    let removed = 0;
    let hasSaved = false;
    let step: Compacted = { removed: 0, more: false, heldAt: null, usedBytes: this.#usedBytes ?? 0 };
    while (this.#parts.isWritable() && !this.#stopped) {
      step = await this.#parts.journal.compact(retention);
      removed += step.removed;
      this.#usedBytes = step.usedBytes;
      if (step.more) await this.#pause();
      else if (step.heldAt === null || hasSaved) break;
      else {
        // The actors whose records are in the way get their snapshot first.
        hasSaved = true;
        await this.#parts.saveSnapshots();
      }
    }
    const { heldAt, usedBytes } = step;
    const result = { removed, heldAt, usedBytes };
    this.#parts.onDone(result);
    return result;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(pauseMs, resolve));
  }
}
