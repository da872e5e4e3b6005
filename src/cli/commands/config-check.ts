import { Command } from 'commander';
import { withExample } from '../context.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';

interface CheckOptions {
  readonly files: boolean;
  readonly json?: boolean;
}

export function configCheck({ terminal }: Shell): Command {
  const command = new Command('check')
    .description('Say everything that is wrong with a configuration file, or that nothing is')
    .argument('<file>', 'configuration file')
    .option('--no-files', 'do not look whether the files it names can be read here')
    .option('--json', 'one JSON object with the complete configuration, defaults included')
    .action(async (file: string, options: CheckOptions) => {
      const { configNotices, loadConfig } = await import('../../config/config.ts');
      const config = await loadConfig(file, { checkFiles: options.files });
      const notices = configNotices(config);
      const text = [`${file} is right`, ...notices.map((notice) => `  note: ${notice}`)].join('\n');
      terminal.print(options.json === true ? ok({ file, notices, config }) : text);
    });
  return withExample(command, 'pathwarden config check /etc/pathwarden/pathwarden.yaml');
}
