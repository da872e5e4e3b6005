import { Command, InvalidArgumentError, Option } from 'commander';
import { withExample } from '../context.ts';
import type { DemoOptions } from '../demo/main.ts';
import type { Shell } from '../shell.ts';

const help = `
Each node is a process of its own: kill one with \`kill -9\` and the others take
its paths. The demo tells Consul of its death a second later, as gossip would,
and starts it again after 10 s, or at once when Enter is pressed. Ctrl-c ends it.`;

export function demo(shell: Shell): Command {
  const command = new Command('demo')
    .description('Run a whole cluster on this machine: no root, nothing installed, nothing left behind')
    .option('--nodes <count>', 'gateway nodes, each a process of its own', count, 3)
    .option('--disks <count>', 'disks', count, 3)
    .option('--paths <count>', 'paths per disk', count, 4)
    .addOption(new Option('--scenario <name>', 'unattended: kill the busiest node and measure').choices(['failover']))
    .addHelpText('after', help)
    .option('--json', 'one JSON object on the last line')
    .option('--keep', 'keep the state directory and print where it is')
    .action(async (options: DemoOptions) => {
      // Imported here so that the other commands start fast.
      const { runDemo } = await import('../demo/main.ts');
      shell.exitCode = await runDemo(options, shell.terminal);
    });
  return withExample(command, 'pathwarden demo', 'pathwarden demo --scenario failover --json');
}

function count(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 64) return Number(text);
  throw new InvalidArgumentError('give a whole number from 1 to 64');
}
