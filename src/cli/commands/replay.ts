import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import { withExample } from '../context.ts';
import { clockTime, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

interface ReplayOptions {
  readonly listen: string;
  readonly json?: boolean;
}

export function replay({ terminal }: Shell): Command {
  const command = new Command('replay')
    .description('Serve the inspector over a journal file, read only, for a post-mortem; ctrl-c ends it')
    .argument('<journal>', 'journal of any node, or an export of one')
    .option('--listen <host:port>', 'where; port 0 takes a free one', '127.0.0.1:7481')
    .option('--json', 'one JSON object, for programs')
    .action(async (file: string, { listen, json }: ReplayOptions) => {
      const address = addressIn(listen);
      // Imported here so that the other commands start fast.
      const { serveReplay } = await import('../../journal-tools.ts');
      const served = await serveReplay(file, address);
      const { url, node, replay: shown } = served;
      const until = clockTime(shown?.until ?? 0);
      const lines = [`${url}/`, `replay of ${file}: what ${node} had written up to ${until}; ctrl-c ends it`];
      terminal.print(json === true ? ok({ url, node, replay: shown }) : lines.join('\n'));
      await new Promise((resolve) => {
        if (terminal.ended.aborted) resolve(null);
        else terminal.ended.addEventListener('abort', resolve, { once: true });
      });
      await served.close();
    });
  const examples = ['pathwarden replay journal.ndjson', 'pathwarden replay n2.sqlite --listen 127.0.0.1:8080'];
  return withExample(command, ...examples);
}

function addressIn(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) <= 65_535) return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  throw new PathwardenError('USAGE_INVALID', `--listen must look like 127.0.0.1:7481, not like ${text}`, { text });
}
