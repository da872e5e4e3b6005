import { realpathSync } from 'node:fs';
import { Command } from 'commander';
import type { OfflineCompaction } from '../../../adapters/journal/offline.ts';
import { PathwardenError } from '../../errors.ts';
import type { JournalCompaction } from '../../ports/inspector.ts';
import { clientOf, connectionOptions, type ConnectionOptions, tokenOption, withExample } from '../context.ts';
import { atLeastZero, fileArgument, megabytes } from '../journal-file.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';
import type { Terminal } from '../terminal.ts';

interface CompactOptions extends ConnectionOptions {
  readonly keepDays?: number;
  readonly maxMegabytes?: number;
}

const dayMs = 86_400_000;
/** A large journal goes in small steps beside the daemon's work. */
const daemonDeadlineMs = 30 * 60_000;

export function journalCompact({ terminal }: Shell): Command {
  const described = new Command('compact').description(
    'Remove old records; through the daemon when it runs, else in the file, which then gives its free room back',
  );
  const command = tokenOption(connectionOptions(described))
    .addArgument(fileArgument())
    .option('--keep-days <days>', 'remove what is older (default: what the daemon keeps; 30 without one)', atLeastZero)
    .option('--max-megabytes <size>', 'remove the oldest above this size (default: likewise; 512)', atLeastZero)
    .action(async (file: string, options: CompactOptions) => {
      const offline = await withoutDaemon(file, options);
      const done = offline ?? (await throughDaemon(file, options, terminal));
      const by = offline === null ? 'daemon' : 'file';
      terminal.print(options.json === true ? ok({ file, by, ...done }) : textOf(done));
    });
  return withExample(command, 'pathwarden journal compact --keep-days 7');
}

/** Null when a daemon has the file. */
async function withoutDaemon(file: string, options: CompactOptions): Promise<OfflineCompaction | null> {
  const { compactFile } = await import('../../../adapters/journal/offline.ts');
  const { keepDays = 30, maxMegabytes = 512 } = options;
  try {
    return compactFile(file, { keepSince: Date.now() - keepDays * dayMs, bytesMax: maxMegabytes * 1_000_000 });
  } catch (error) {
    if (error instanceof PathwardenError && error.code === 'JOURNAL_IN_USE') return null;
    throw error;
  }
}

async function throughDaemon(file: string, options: CompactOptions, terminal: Terminal): Promise<JournalCompaction> {
  const client = clientOf(options, terminal, daemonDeadlineMs);
  const { location } = await client.journal();
  if (real(location) !== real(file)) {
    const message = `The journal ${file} is open, and the agent at ${client.url} has another one: name its own --url`;
    throw new PathwardenError('JOURNAL_IN_USE', message, { file, url: client.url, location });
  }
  const { keepDays, maxMegabytes } = options;
  return client.compactJournal({
    by: terminal.user,
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(maxMegabytes === undefined ? {} : { maxMegabytes }),
  });
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function textOf(done: OfflineCompaction | JournalCompaction): string {
  const size =
    'sizeBytes' in done
      ? `the file went from ${megabytes(done.sizeBytesBefore)} to ${megabytes(done.sizeBytes)}`
      : `${megabytes(done.usedBytes)} are used; the room that is free in the file is used again`;
  const { heldAt } = done;
  const held = heldAt === null ? '' : `\nRecord #${heldAt} and what follows stay: a restart needs them.`;
  return `${done.removed} records removed; ${size}${held}`;
}
