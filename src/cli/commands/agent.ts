import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import { withExample } from '../context.ts';
import type { Shell } from '../shell.ts';

interface AgentOptions {
  readonly config: string;
  readonly allowTty?: boolean;
}

export function agent({ terminal }: Shell): Command {
  const command = new Command('agent')
    .description('Run the daemon of this node until it is told to stop')
    .requiredOption('--config <file>', 'configuration file, see `pathwarden config reference`')
    .option('--allow-tty', 'run on a terminal, for trying it out; otherwise systemd runs it')
    .action(async ({ config: file, allowTty }: AgentOptions) => {
      if (terminal.interactive && allowTty !== true) {
        throw new PathwardenError(
          'USAGE_INVALID',
          'The agent is a service: start it with `systemctl start pathwarden`, or add --allow-tty to try it here',
        );
      }
      // Imported here so that the other commands start fast.
      const { loadConfig } = await import('../../config/config.ts');
      const config = await loadConfig(file);
      const { runAgent } = await import('../../main.ts');
      await runAgent(config);
    });
  return withExample(command, 'pathwarden agent --config /etc/pathwarden/pathwarden.yaml');
}
