import { Command } from 'commander';
import { clusterNotes } from '../cluster-notes.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { pathTable } from '../path-table.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';

interface ListOptions extends ReadOptions {
  readonly node?: string;
}

export function pathList({ terminal }: Shell): Command {
  const command = readOptions(new Command('list').description('List all paths with their owners'))
    .option('--node <name>', 'only paths that this node owns')
    .action(async (options: ListOptions) => {
      const client = clientOf(options, terminal);
      await show(terminal, options, async () => {
        const cluster = await client.cluster();
        const all = cluster.disks.flatMap((disk) => disk.paths);
        const paths = options.node === undefined ? all : all.filter((path) => path.owner === options.node);
        return { result: { node: cluster.node, paths }, text: pathTable(paths, cluster.node) + clusterNotes(cluster) };
      });
    });
  return withExample(command, 'pathwarden path list --watch', 'pathwarden path list --node gw1 --json');
}
