import { Command } from 'commander';
import type { DiskSummary } from '../../ports/inspector.ts';
import { clusterNotes } from '../cluster-notes.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { findDisk } from '../find.ts';
import { facts, table } from '../output.ts';
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
          ['access', accessText(disk)],
        ]);
        const paths = pathTable(disk.paths, cluster.node);
        const rest = `${loginTable(disk, cluster.node)}${clusterNotes(cluster)}`;
        return { result: { disk }, text: `${head}\n\n${paths}${rest}` };
      });
    });
  return withExample(command, 'pathwarden disk show 00001');
}

function loginTable({ logins = [] }: DiskSummary, node: string): string {
  if (logins.length === 0) return '';
  const rows = logins.map(({ initiator, address, state }) => [initiator, address ?? '-', state]);
  return `\n\n${table([`INITIATOR AT ${node}`, 'ADDRESS', 'STATE'], rows, '')}`;
}

function accessText({ access }: DiskSummary): string {
  const { initiators } = access as { readonly initiators?: readonly string[] };
  return `${JSON.stringify(access)}${initiators?.length === 0 ? ' (any initiator may log in)' : ''}`;
}
