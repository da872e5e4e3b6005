// The reference of the command line, made from the commands themselves.
import type { Command } from 'commander';
import { errorCodes, PathwardenError } from '../errors.ts';
import { examplesOf } from './context.ts';
import { buildProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/** The Markdown page `docs/reference/cli.md`. */
export function cliReference(): string {
  const program = buildProgram({ terminal: nobody, exitCode: 0 });
  return `${[introduction, exitCodes(), ...leaves(program, []).map(commandText)].join('\n\n')}\n`;
}

const introduction = `# Command line reference

<!-- Generated from src/cli by \`npm run docs\`. Do not edit. -->

\`pathwarden agent\` is the daemon. Everything else asks a running agent over HTTP: \`--url\`, else \`$PATHWARDEN_URL\`,
else \`http://127.0.0.1:7480\`. Changes need the operator token: \`--token-file\`, else \`$PATHWARDEN_TOKEN_FILE\`, else
\`/var/lib/pathwarden/operator-token\`.

- Every read has \`--json\` and, where it can change, \`--watch\`: on a terminal it redraws until q or ctrl-c;
  elsewhere it prints a new block, or with \`--json\` a new line, at each change.
- Every change is journaled with who (\`$SUDO_USER\`, else the user) and why (\`--reason\`). It waits until the cluster
  has settled, \`--wait SECONDS\` at most, and prints how to undo it. One that interrupts service asks first on a
  terminal, unless \`--force\` is given.
- With \`--json\`, stdout gets \`{"ok":true,…}\`, or \`{"ok":false,"error":{"code","message","facts"}}\`.
  Otherwise an error is one line on stderr. \`PATHWARDEN_DEBUG=1\` adds where it came from.`;

/** Exit codes that stand for something else than an error code. */
const otherCodes: readonly (readonly [number, string])[] = [
  [0, 'Done.'],
  [1, 'Nothing was changed, because the question was not answered with yes.'],
  [130, 'Interrupted by ctrl-c or a stop signal; a change that was accepted goes on.'],
];

function exitCodes(): string {
  const errors = errorCodes.map((code) => new PathwardenError(code, ''));
  const rows = [
    ...otherCodes.map(([exit, text]) => ({ exit, code: '', text })),
    ...errors.map(({ exitCode, code, title }) => ({ exit: exitCode, code: `\`${code}\``, text: title })),
  ].toSorted((a, b) => a.exit - b.exit);
  const lines = rows.map(({ exit, code, text }) => `| ${String(exit)} | ${code} | ${text} |`);
  return `## Exit codes\n\n| code | error | means |\n|---|---|---|\n${lines.join('\n')}`;
}

interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
}

function leaves(command: Command, words: readonly string[]): readonly Leaf[] {
  const here = [...words, command.name()];
  if (command.commands.length === 0) return [{ words: here, command }];
  return command.commands.flatMap((inner) => leaves(inner, here));
}

function commandText({ words, command }: Leaf): string {
  const { options, registeredArguments } = command;
  const rows = [
    ...registeredArguments.map((argument) => [`<${argument.name()}>`, argument.description]),
    ...options.map((option) => [option.flags, option.description + defaultText(option.defaultValue)]),
  ].map(([name, text]) => `| \`${String(name)}\` | ${String(text).replaceAll('|', '\\|')} |`);
  const table = rows.length === 0 ? [] : [`| | |\n|---|---|\n${rows.join('\n')}`];
  const examples = `\`\`\`\n${examplesOf(command).join('\n')}\n\`\`\``;
  return [`## ${words.join(' ')}`, `${command.description()}.`.replace('..', '.'), ...table, examples].join('\n\n');
}

const defaultText = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? ` (default: ${String(value)})` : '';

/** Commands are built but never run here. */
const nobody: Terminal = {
  env: {},
  interactive: false,
  user: '',
  ended: new AbortController().signal,
  print: () => undefined,
  write: () => Promise.resolve(),
  printError: () => undefined,
  confirm: () => Promise.resolve(false),
  quitKey: () => ({ signal: new AbortController().signal, done: () => undefined }),
};
