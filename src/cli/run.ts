// Runs one command line and turns whatever goes wrong into one message and an exit code.
import { CommanderError } from 'commander';
import { PathwardenError } from '../errors.ts';
import { failure, failureText } from './output.ts';
import { buildProgram } from './program.ts';
import type { Shell } from './shell.ts';
import type { Terminal } from './terminal.ts';

/** What shells give for ctrl-c. */
const interrupted = 130;

/** `args` without the program's own name. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const shell: Shell = { terminal, exitCode: 0 };
  try {
    await buildProgram(shell).parseAsync([...args], { from: 'user' });
    return shell.exitCode;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return 0;
    // Interrupted by whoever ran it: nothing to report.
    if (terminal.ended.aborted) return interrupted;
    const error = toPathwardenError(caught);
    if (args.includes('--json')) terminal.print(failure(error));
    else terminal.printError(failureText(error));
    if ((terminal.env['PATHWARDEN_DEBUG'] ?? '') !== '') terminal.printError(stackOf(caught));
    return error.exitCode;
  }
}

function toPathwardenError(caught: unknown): PathwardenError {
  if (caught instanceof PathwardenError) return caught;
  if (caught instanceof CommanderError) return new PathwardenError('USAGE_INVALID', usageText(caught));
  const what = caught instanceof Error ? caught.message : String(caught);
  const text = `unexpected trouble: ${what}; PATHWARDEN_DEBUG=1 shows where`;
  return new PathwardenError('INTERNAL', text, {}, { cause: caught });
}

function usageText(error: CommanderError): string {
  if (error.code === 'commander.help') return 'a command is missing; --help lists them';
  return error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
}

function stackOf(caught: unknown): string {
  if (!(caught instanceof Error)) return String(caught);
  const cause = caught.cause === undefined ? '' : `\ncaused by: ${stackOf(caught.cause)}`;
  return `${caught.stack ?? caught.message}${cause}`;
}
