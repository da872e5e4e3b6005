import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findDisk } from '../find.ts';
import type { Shell } from '../shell.ts';

export function diskRemove(shell: Shell): Command {
  const { terminal } = shell;
  const command = changeOptions(new Command('remove').description('Forget a stopped disk; its image is not touched'), {
    destructive: true,
  })
    .argument('<disk>', 'disk id')
    .action(async (id: string, options: ChangeOptions) => {
      const { iqn, wwn } = findDisk(await clientOf(options, terminal).cluster(), id);
      shell.exitCode = await carryOut(terminal, options, {
        actor: `disk/${id}`,
        event: { type: 'operator.remove' },
        question: `Disk ${id} is forgotten; its image stays. Remove it?`,
        settled: (cluster) => cluster.disks.every((disk) => disk.disk !== id),
        achieved: `disk ${id} is removed; its image was not touched`,
        undo: `pathwarden disk add ${id} --iqn ${iqn} --wwn ${wwn} … with the same image and paths`,
      });
    });
  return withExample(command, 'pathwarden disk remove 00001');
}
