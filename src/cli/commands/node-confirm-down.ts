import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import type { Shell } from '../shell.ts';

const warning =
  'Confirm only what you have seen: the host is off or cut off from the storage. ' +
  'If it still writes, data of its disks is damaged.';

export function nodeConfirmDown(shell: Shell): Command {
  const description = `Vouch that a lost node can no longer write, so that others may serve its paths. ${warning}`;
  const command = changeOptions(new Command('confirm-down').description(description), { destructive: true })
    .argument('<node>', 'node name')
    .action(async (name: string, options: ChangeOptions) => {
      shell.exitCode = await confirmDown(shell, name, options);
    });
  return withExample(command, 'pathwarden node confirm-down gw1 --reason "power cable pulled, seen by me"');
}

async function confirmDown({ terminal }: Shell, name: string, options: ChangeOptions): Promise<number> {
  if (options.reason === undefined) {
    throw new PathwardenError('USAGE_INVALID', 'confirm-down needs --reason: how do you know that the node is down?');
  }
  const { nodes } = await clientOf(options, terminal).cluster();
  if (nodes.some((node) => node.node === name && node.alive)) {
    const message = `Node ${name} is alive: drain it instead, with \`pathwarden node drain ${name}\``;
    throw new PathwardenError('NOT_ACCEPTED', message, { node: name });
  }
  return await carryOut(terminal, options, {
    actor: 'node',
    event: { type: 'operator.confirmDown', node: name },
    question: `${warning}\nIs ${name} down for certain?`,
    settled: ({ exclusions, disks }) =>
      exclusions.every((exclusion) => exclusion.node !== name || exclusion.state === 'proven') &&
      disks.every((disk) => disk.paths.every((path) => path.pendingExclusion?.node !== name)),
    achieved: `node ${name} counts as down; its paths can be taken`,
    undo: 'nothing undoes it; a node that comes back starts with a new session',
  });
}
