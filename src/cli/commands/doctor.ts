import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Finding } from '../../doctor.ts';
import { nodeFinding } from '../../doctor/node-version.ts';
import { PathwardenError } from '../../errors.ts';
import { withExample } from '../context.ts';
import { countsOf, reportText } from '../doctor-text.ts';
import type { Shell } from '../shell.ts';

interface DoctorOptions {
  readonly config: string;
  readonly json?: boolean;
}

const defaultFile = '/etc/pathwarden/pathwarden.yaml';
const help = `
✓ is right, ! works and should be known, ✗ has to be put right, ? could not be
seen, often because only root can. Nothing is changed, here or elsewhere.`;

export function doctor(shell: Shell): Command {
  const command = new Command('doctor')
    .description('Say what this host lacks to run the daemon, and how to put it right; exit 20 when something fails')
    .option('--config <file>', 'configuration file; only what it needs is looked at', defaultFile)
    .option('--json', 'one JSON object, for programs')
    .addHelpText('after', help)
    .action(async ({ config: file, json }: DoctorOptions) => {
      const { node, findings } = await examined(file);
      const counts = countsOf(findings);
      const error = counts.failure === 0 ? null : unfit(node, counts.failure);
      shell.exitCode = error?.exitCode ?? 0;
      const { terminal } = shell;
      const colour = terminal.interactive && (terminal.env['NO_COLOR'] ?? '') === '';
      if (json !== true) terminal.print(reportText(node, findings, colour));
      else terminal.print(JSON.stringify({ ok: error === null, ...errorOf(error), node, counts, findings }));
    });
  return withExample(command, 'pathwarden doctor', 'pathwarden doctor --config ./pathwarden.yaml --json');
}

/** With a Node.js that is too old, nothing else can be loaded, and nothing else matters. */
async function examined(file: string): Promise<{ node: string; findings: readonly Finding[] }> {
  const node = nodeFinding({ version: process.version, path: process.execPath });
  if (node.level === 'failure') return { node: hostname(), findings: [node] };
  // Imported here so that the other commands start fast.
  const { examineHost } = await import('../../doctor.ts');
  return examineHost(file);
}

const unfit = (node: string, failures: number): PathwardenError =>
  new PathwardenError('HOST_UNFIT', `${String(failures)} of the checks failed: each finding has its fix`, { node });

const errorOf = (error: PathwardenError | null): object =>
  error === null ? {} : { error: { code: error.code, message: error.message, facts: error.facts } };
