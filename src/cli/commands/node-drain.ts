import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findNode } from '../find.ts';
import type { Shell } from '../shell.ts';

export function nodeDrain(shell: Shell): Command {
  const { terminal } = shell;
  const described = new Command('drain').description('Move all paths off a node and let it take none');
  const command = changeOptions(described, { destructive: true })
    .argument('<node>', 'node name')
    .action(async (name: string, options: ChangeOptions) => {
      findNode(await clientOf(options, terminal).cluster(), name);
      shell.exitCode = await carryOut(terminal, options, {
        actor: 'node',
        event: { type: 'operator.drain', node: name },
        question: `All paths of ${name} move to other nodes. Drain it?`,
        settled: (cluster) => {
          const node = findNode(cluster, name);
          return node.draining !== null && node.paths === 0;
        },
        achieved: `node ${name} is drained: it owns no path`,
        undo: `pathwarden node undrain ${name}`,
      });
    });
  return withExample(command, 'pathwarden node drain gw1 --reason "new memory"');
}
