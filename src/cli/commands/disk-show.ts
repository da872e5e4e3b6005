import { Command } from 'commander';
import { clusterNotes } from '../cluster-notes.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { findDisk } from '../find.ts';
import { facts } from '../output.ts';
import { pathTable } from '../path-table.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';

export function diskShow({ terminal }: Shell): Command {
  const command = readOptions(new Command('show').description('Show one disk and its paths'))
    .argument('<disk>', 'disk id')
    .action(async (id: string, options: ReadOptions) => {
      const client = clientOf(options, terminal);
      await show(terminal, options, async () => {
        const cluster = await client.cluster();
        const disk = findDisk(cluster, id);
        const head = facts([
          ['disk', disk.disk],
          ['status', `${disk.status} (desired: ${disk.desired})`],
          ['iqn', disk.iqn],
          ['wwn', disk.wwn],
          ['backstore', JSON.stringify(disk.backstore)],
          ['access', JSON.stringify(disk.access)],
        ]);
        return { result: { disk }, text: `${head}\n\n${pathTable(disk.paths, cluster.node)}${clusterNotes(cluster)}` };
      });
    });
  return withExample(command, 'pathwarden disk show 00001');
}
