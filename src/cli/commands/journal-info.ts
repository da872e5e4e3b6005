import { Command } from 'commander';
import type { JournalFileInfo } from '../../../adapters/journal/file.ts';
import { PathwardenError } from '../../errors.ts';
import { withExample } from '../context.ts';
import { fileArgument, megabytes } from '../journal-file.ts';
import { clockTime, facts, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

interface InfoOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

export function journalInfo({ terminal }: Shell): Command {
  const command = new Command('info')
    .description('Say what a journal file holds, also while a daemon writes it')
    .addArgument(fileArgument())
    .option('--check', 'look at every page and every record; exit 13 when something is wrong')
    .option('--json', 'one JSON object, for programs')
    .action(async (name: string, { check, json }: InfoOptions) => {
      const { openJournalFile } = await import('../../../adapters/journal/file.ts');
      const findings = check === true ? await findingsIn(name) : null;
      const file = openJournalFile(name);
      const info = file.info();
      file.close();
      if (findings !== null && findings.length > 0) {
        if (json !== true) terminal.print(infoText(info));
        const what = `The journal ${info.file} is damaged: ${findings.join('; ')}`;
        throw new PathwardenError('JOURNAL_DAMAGED', what, { ...info, findings });
      }
      const checked = findings === null ? {} : { findings };
      const found = findings === null ? '' : '\nEvery page and every record is as it was written.';
      terminal.print(json === true ? ok({ ...info, ...checked }) : `${infoText(info)}${found}`);
    });
  return withExample(command, 'pathwarden journal info', 'pathwarden journal info --check /tmp/journal.sqlite');
}

async function findingsIn(name: string): Promise<string[]> {
  const { checkJournalFile } = await import('../../../adapters/journal/check.ts');
  return checkJournalFile(name);
}

function infoText(info: JournalFileInfo): string {
  const { holder } = info;
  const time = (at: number | null): string => (at === null ? 'unknown' : clockTime(at));
  return facts([
    ['file', info.file],
    ['node', info.node ?? 'unknown'],
    ['records', info.records === 0 ? 'none' : `${info.records} (#${info.firstSeq} to #${info.lastSeq})`],
    ['from', info.records === 0 ? '-' : time(info.firstAt)],
    ['to', info.records === 0 ? '-' : time(info.lastAt)],
    ['actors', String(info.actors)],
    ['size', `${megabytes(info.sizeBytes)}, of which ${megabytes(info.usedBytes)} are used`],
    ['opened', holder === null ? 'never' : `${clockTime(holder.since)} by pid ${holder.pid} on ${holder.host}`],
    ...info.setAside.map((file) => ['set aside', file] as const),
  ]);
}
