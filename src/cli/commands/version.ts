import { Command } from 'commander';
import { withExample } from '../context.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';
import { programVersion } from '../version.ts';

export function version({ terminal }: Shell): Command {
  const command = new Command('version')
    .description('Print the version')
    .option('--json', 'one JSON object, for programs')
    .action(async ({ json }: { json?: boolean }) => {
      const name = await programVersion();
      const text = `pathwarden ${name} (Node.js ${process.version})`;
      terminal.print(json === true ? ok({ version: name, node: process.version }) : text);
    });
  return withExample(command, 'pathwarden version');
}
