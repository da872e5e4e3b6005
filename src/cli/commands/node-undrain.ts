import { Command } from 'commander';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findNode } from '../find.ts';
import type { Shell } from '../shell.ts';

export function nodeUndrain(shell: Shell): Command {
  const { terminal } = shell;
  const described = new Command('undrain').description('Let a drained node take paths again');
  const command = changeOptions(described, { destructive: false })
    .argument('<node>', 'node name')
    .action(async (name: string, options: ChangeOptions) => {
      findNode(await clientOf(options, terminal).cluster(), name);
      shell.exitCode = await carryOut(terminal, options, {
        actor: 'node',
        event: { type: 'operator.undrain', node: name },
        question: null,
        settled: (cluster) => findNode(cluster, name).draining === null,
        achieved: `node ${name} may take paths again`,
        undo: `pathwarden node drain ${name}`,
      });
    });
  return withExample(command, 'pathwarden node undrain gw1 --reason "new memory"');
}
