// Options that many commands share, and what a command gets to work with.
import type { Command } from 'commander';
import { PathwardenError } from '../errors.ts';
import { type Client, createClient } from './client.ts';
import type { Terminal } from './terminal.ts';

export interface ConnectionOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export interface ReadOptions extends ConnectionOptions {
  readonly watch?: boolean;
}

const defaultUrl = 'http://127.0.0.1:7480';
const defaultTokenFile = '/var/lib/pathwarden/operator-token';
const answerDeadlineMs = 10_000;

export function connectionOptions(command: Command): Command {
  return command
    .option('--url <url>', `agent to ask (else $PATHWARDEN_URL, else ${defaultUrl})`)
    .option('--json', 'one JSON object, for programs');
}

export function readOptions(command: Command): Command {
  return connectionOptions(command).option('--watch', 'show it again whenever it changes; q or ctrl-c ends it');
}

export function tokenOption(command: Command): Command {
  const text = `file with the operator token (else $PATHWARDEN_TOKEN_FILE, else ${defaultTokenFile})`;
  return command.option('--token-file <file>', text);
}

const examples = new WeakMap<Command, readonly string[]>();

/** Every command's help ends with an example that can be pasted. */
export function withExample(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

export const examplesOf = (command: Command): readonly string[] => examples.get(command) ?? [];

export function clientOf(options: ConnectionOptions, terminal: Terminal, deadlineMs = answerDeadlineMs): Client {
  return createClient({
    url: httpUrl(options.url ?? terminal.env['PATHWARDEN_URL'] ?? defaultUrl),
    tokenFile: options.tokenFile ?? terminal.env['PATHWARDEN_TOKEN_FILE'] ?? defaultTokenFile,
    deadlineMs,
    signal: terminal.ended,
  });
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new PathwardenError('USAGE_INVALID', `--url must look like ${defaultUrl}, not like ${text}`, { url: text });
  }
  return url.href.replace(/\/+$/, '');
}
