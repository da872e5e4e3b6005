import { Command } from 'commander';
import type { DiskSummary } from '../../ports/inspector.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { table } from '../output.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';
import { clusterNotes } from '../cluster-notes.ts';

export function diskList({ terminal }: Shell): Command {
  const described = new Command('list').description('List all disks');
  const command = readOptions(described).action(async (options: ReadOptions) => {
    const client = clientOf(options, terminal);
    await show(terminal, options, async () => {
      const cluster = await client.cluster();
      const head = ['DISK', 'STATUS', 'DESIRED', 'OWNED', 'IQN'];
      const text = table(head, cluster.disks.map(diskRow), 'no disks; add one with `pathwarden disk add`');
      return { result: { disks: cluster.disks, problems: cluster.problems }, text: text + clusterNotes(cluster) };
    });
  });
  return withExample(command, 'pathwarden disk list', 'pathwarden disk list --watch');
}

function diskRow({ disk, status, desired, paths, iqn }: DiskSummary): readonly string[] {
  const owned = paths.filter((path) => path.owner !== null).length;
  return [disk, status, desired, `${String(owned)} of ${String(paths.length)}`, iqn];
}
