import { Command } from 'commander';
import { clientOf, connectionOptions, type ConnectionOptions, withExample } from '../context.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';

export function machineList({ terminal }: Shell): Command {
  const described = new Command('list').description('List the state machines');
  const command = connectionOptions(described).action(async (options: ConnectionOptions) => {
    const machines = await clientOf(options, terminal).machines();
    terminal.print(options.json === true ? ok({ machines }) : machines.join('\n'));
  });
  return withExample(command, 'pathwarden machine list');
}
