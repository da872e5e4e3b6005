// A host as those around it see it: something with a name and power.
import type { JournalFaults } from './journal-faults.ts';

export interface Powered {
  readonly name: string;
  readonly isOn: boolean;
  /** By so many faults at once. */
  readonly frozen: number;
  readonly journalFaults: JournalFaults;
  /** Its daemon was told to stop: what it serves is left for the next one, or for whoever excludes it. */
  readonly isStopping: boolean;
  powerOn(): void;
  powerOff(): void;
  /** Paths that its daemon says it serves. */
  enabledPaths(): readonly string[];
}

export type BadFence = 'late' | 'fail' | 'hang' | 'wrong';

/** What is wrong with the fence now; shared by all nodes of a run. */
export type BadFences = Set<{ readonly how: BadFence }>;
