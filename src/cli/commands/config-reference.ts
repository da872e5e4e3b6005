import { Command } from 'commander';
import { withExample } from '../context.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';

export function configReferenceCommand({ terminal }: Shell): Command {
  const command = new Command('reference')
    .description('Print every setting: its default, an example, what goes wrong when it is too small or too large')
    .option('--json', 'one JSON object, for programs')
    .action(async ({ json }: { json?: boolean }) => {
      const { configReference, describeConfig } = await import('../../config/reference.ts');
      terminal.print(json === true ? ok({ settings: describeConfig() }) : configReference().trimEnd());
    });
  return withExample(command, 'pathwarden config reference | less');
}
