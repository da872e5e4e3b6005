// Compaction without a daemon: all at once, and the file gives its free room back.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PathwardenError } from '../../src/errors.ts';
import type { Retention } from '../../src/ports/journal.ts';
import { openWhole } from './database.ts';

export interface OfflineCompaction {
  readonly removed: number;
  /** The oldest record that had to go and that recovery needs. */
  readonly heldAt: number | null;
  readonly usedBytes: number;
  readonly sizeBytesBefore: number;
  readonly sizeBytes: number;
}

/** Throws `NOT_FOUND`, `JOURNAL_IN_USE`, `JOURNAL_DAMAGED`, `JOURNAL_TOO_NEW` or `JOURNAL_WRITE_FAILED`. */
export function compactFile(name: string, limits: Omit<Retention, 'recordsMax'>): OfflineCompaction {
  const file = resolve(name);
  if (!existsSync(file)) throw new PathwardenError('NOT_FOUND', `There is no journal ${file}.`, { file });
  const journal = openWhole({ file, node: null });
  try {
    const sizeBytesBefore = journal.info().sizeBytes;
    let removed = 0;
    let step = journal.compact({ ...limits, recordsMax: 5_000 });
    for (removed = step.removed; step.more; removed += step.removed) {
      step = journal.compact({ ...limits, recordsMax: 5_000 });
    }
    journal.shrink();
    const { heldAt, usedBytes } = step;
    return { removed, heldAt, usedBytes, sizeBytesBefore, sizeBytes: journal.info().sizeBytes };
  } finally {
    journal.close();
  }
}
