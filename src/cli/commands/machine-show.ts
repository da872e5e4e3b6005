import { Command } from 'commander';
import { clientOf, connectionOptions, type ConnectionOptions, withExample } from '../context.ts';
import { facts, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

interface ShowOptions extends ConnectionOptions {
  readonly mermaid?: boolean;
}

export function machineShow({ terminal }: Shell): Command {
  const command = connectionOptions(new Command('show').description('Show one state machine'))
    .argument('<machine>', 'its name, as in disk-path')
    .option('--mermaid', 'only the state diagram, to be pasted into Markdown')
    .action(async (name: string, options: ShowOptions) => {
      const machine = await clientOf(options, terminal).machine(name);
      const head = facts([
        ['machine', machine.name],
        ['version', String(machine.version)],
      ]);
      const text = options.mermaid === true ? machine.mermaid.trimEnd() : `${head}\n\n${machine.mermaid.trimEnd()}`;
      terminal.print(options.json === true ? ok({ machine }) : text);
    });
  return withExample(command, 'pathwarden machine show disk-path --mermaid');
}
