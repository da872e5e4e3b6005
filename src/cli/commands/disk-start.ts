import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findDisk } from '../find.ts';
import type { Shell } from '../shell.ts';

export function diskStart(shell: Shell): Command {
  const { terminal } = shell;
  const command = changeOptions(new Command('start').description('Start serving a disk'), { destructive: false })
    .argument('<disk>', 'disk id')
    .action(async (id: string, options: ChangeOptions) => {
      findDisk(await clientOf(options, terminal).cluster(), id);
      shell.exitCode = await carryOut(terminal, options, {
        actor: `disk/${id}`,
        event: { type: 'operator.start' },
        question: null,
        settled: (cluster) => findDisk(cluster, id).status === 'started',
        achieved: `disk ${id} is started`,
        undo: `pathwarden disk stop ${id}`,
      });
    });
  return withExample(command, 'pathwarden disk start 00001');
}
