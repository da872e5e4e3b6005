import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import type { Verdict } from '../../journal-tools.ts';
import { withExample } from '../context.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';

const shownMax = 10;

export function journalVerify({ terminal }: Shell): Command {
  const command = new Command('verify')
    .description('Replay a journal file with the machines of this version and compare every state and intent')
    .argument('<file>', 'journal of any node, or an export of one; it is only read, also while its daemon runs')
    .option('--json', 'one JSON object, for programs')
    .action(async (file: string, { json }: { readonly json?: boolean }) => {
      // Imported here so that the other commands start fast.
      const { verifyJournal } = await import('../../journal-tools.ts');
      const verdict = verifyJournal(file);
      if (verdict.differences.length > 0) throw diverged(file, verdict, json === true);
      terminal.print(json === true ? ok({ verdict }) : verdictText(file, verdict));
    });
  return withExample(command, 'pathwarden journal verify /var/lib/pathwarden/journal.sqlite');
}

function diverged(file: string, verdict: Verdict, json: boolean): PathwardenError {
  const { differences } = verdict;
  const shown = differences.slice(0, shownMax);
  const more = differences.length > shown.length ? [`  and ${String(differences.length - shown.length)} more`] : [];
  const lines = json ? [] : [...shown.map(differenceText), ...more];
  const head = `${file} gives another result than it records, for ${String(differences.length)} of its actors; the ` +
    'first difference of each:';
  const facts = { file, ...verdict, differences: shown, differing: differences.length };
  return new PathwardenError('JOURNAL_DIVERGED', [head, ...lines].join('\n'), facts);
}

function differenceText({ seq, actor, event, what, recorded, computed }: Verdict['differences'][number]): string {
  const at = event === null ? '' : ` at ${event.type}`;
  return `  #${String(seq)} ${actor}${at}: ${what}\n      recorded ${JSON.stringify(recorded)}\n      computed ${
    JSON.stringify(computed)}`;
}

function verdictText(file: string, { first, last, actors, compared, skipped, snapshots }: Verdict): string {
  if (last === 0) return `${file} has no records`;
  const range = `records ${String(first)} to ${String(last)}, ${String(actors)} actors`;
  const left = skipped === 0 ? '' : `; ${String(skipped)} older than their actor's snapshot could not be compared`;
  return `${file}: ${range}\n${String(compared)} records and ${String(snapshots)} snapshots compared${left}\nok`;
}
