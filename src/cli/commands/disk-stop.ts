import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findDisk } from '../find.ts';
import type { Shell } from '../shell.ts';

export function diskStop(shell: Shell): Command {
  const { terminal } = shell;
  const described = new Command('stop').description('Stop serving a disk; its image is not touched');
  const command = changeOptions(described, { destructive: true })
    .argument('<disk>', 'disk id')
    .action(async (id: string, options: ChangeOptions) => {
      findDisk(await clientOf(options, terminal).cluster(), id);
      shell.exitCode = await carryOut(terminal, options, {
        actor: `disk/${id}`,
        event: { type: 'operator.stop' },
        question: `All paths of disk ${id} go down, and its initiators lose it. Stop it?`,
        settled: (cluster) => findDisk(cluster, id).status === 'stopped',
        achieved: `disk ${id} is stopped`,
        undo: `pathwarden disk start ${id}`,
      });
    });
  return withExample(command, 'pathwarden disk stop 00001');
}
