import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findNode } from '../find.ts';
import { maintained } from '../maintained.ts';
import type { Shell } from '../shell.ts';

interface OffOptions extends ChangeOptions {
  readonly node?: string;
}

export function maintenanceOff(shell: Shell): Command {
  const { terminal } = shell;
  const described = new Command('off').description('End maintenance: what waited goes on by itself');
  const command = changeOptions(described, { destructive: false })
    .option('--node <name>', 'of this node only')
    .action(async ({ node, ...options }: OffOptions) => {
      if (node !== undefined) findNode(await clientOf(options, terminal).cluster(), node);
      const [what, flag] = node === undefined ? ['the cluster', ''] : [node, ` --node ${node}`];
      shell.exitCode = await carryOut(terminal, options, {
        actor: 'node',
        event: { type: 'operator.endMaintenance', ...(node === undefined ? {} : { node }) },
        question: null,
        settled: (cluster) => maintained(cluster, node) === null,
        achieved: `${what} is not in maintenance`,
        undo: `pathwarden maintenance on${flag} --reason "..."`,
      });
    });
  return withExample(command, 'pathwarden maintenance off --reason "the new switch is in"');
}
