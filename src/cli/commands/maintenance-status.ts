import { Command } from 'commander';
import type { ClusterSummary } from '../../ports/inspector.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { nameOf } from '../find.ts';
import { maintained } from '../maintained.ts';
import { maintenanceLine } from '../maintenance-line.ts';
import { table } from '../output.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';

interface StatusOptions extends ReadOptions {
  readonly node?: string;
}

export function maintenanceStatus({ terminal }: Shell): Command {
  const about = 'Show who began which maintenance, and which paths wait for its end';
  const command = readOptions(new Command('status').description(about))
    .option('--node <name>', 'of this node only')
    .action(async ({ node, ...options }: StatusOptions) => {
      const client = clientOf(options, terminal);
      await show(terminal, options, async () => {
        const cluster = await client.cluster();
        const nodes = cluster.nodes.filter((each) => node === undefined || each.node === node);
        const result = {
          maintenance: maintained(cluster, node),
          nodes: nodes.map((each) => ({ node: each.node, maintenance: each.maintenance })),
          waiting: waiting(cluster),
        };
        return { result, text: page(cluster, node) };
      });
    });
  return withExample(command, 'pathwarden maintenance status');
}

const waiting = ({ disks }: ClusterSummary) =>
  disks.flatMap(({ paths }) => paths).filter(({ waits }) => waits !== null)
    .map((path) => ({ path: nameOf(path), waits: path.waits ?? '' }));

function page(cluster: ClusterSummary, only: string | undefined): string {
  const all: (readonly [string, string | undefined])[] = [
    ['cluster', undefined],
    ...cluster.nodes.map(({ node }) => [`node ${node}`, node] as const),
  ];
  const shown = all.filter(([, node]) => only === undefined || node === only);
  const rows = shown.map(([what, node]) => {
    const found = maintained(cluster, node);
    return [what, found === null ? 'no maintenance' : maintenanceLine(found)];
  });
  const paths = waiting(cluster).map(({ path, waits }) => [path, waits]);
  const below = table(['PATH', 'WAITS'], paths, 'no path waits because of maintenance');
  return `${table(['OF', 'STATE'], rows, '')}\n\n${below}`;
}
