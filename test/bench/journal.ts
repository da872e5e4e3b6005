// What the journal costs, and what it gives back: commits, replay, boot, growth, and a disk that hangs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAppend } from './journal-append.ts';
import { benchBoot } from './journal-boot.ts';
import { benchCommit, longestCommit } from './journal-commit.ts';
import { benchCompaction } from './journal-compaction.ts';
import { benchGrowth } from './journal-growth.ts';
import { benchHang } from './journal-hang.ts';
import { benchReplay } from './journal-replay.ts';
import type { Result } from './report.ts';

export const journal = {
  name: 'journal',
  about:
    'Records that become durable, by how many share a commit; replay; boot from a million records; growth; ' +
    'compaction; and the event loop while the disk hangs for 30 s.',
  async run(): Promise<Result> {
    const directory = await mkdtemp(join(tmpdir(), 'pathwarden-bench-'));
    try {
      const figures = [
        ...(await benchAppend(directory)),
        ...(await benchCommit(directory)),
        ...benchReplay(longestCommit(directory)),
        ...(await benchBoot(directory)),
        ...(await benchGrowth(directory)),
        ...(await benchCompaction(directory)),
      ];
      const hang = await benchHang();
      return { ...hang, figures: [...figures, ...hang.figures] };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};
