import { Command, InvalidArgumentError } from 'commander';
import { PathwardenError } from '../../errors.ts';
import type { JournalRecord } from '../../ports/journal.ts';
import type { Client } from '../client.ts';
import { clientOf, connectionOptions, type ConnectionOptions, withExample } from '../context.ts';
import { clockTime, ok } from '../output.ts';
import type { Shell } from '../shell.ts';
import type { Terminal } from '../terminal.ts';

interface EventsOptions extends ConnectionOptions {
  readonly actor?: string;
  readonly limit: number;
  readonly follow?: boolean;
}

export function events({ terminal }: Shell): Command {
  const command = connectionOptions(new Command('events').description('Print the journal of one node, oldest first'))
    .option('--actor <id>', 'only this actor, as in path/00001/1')
    .option('--limit <count>', 'only the newest ones', count, 50)
    .option('--follow', 'go on with each new one; ctrl-c ends it. With --json: one record per line')
    .action(async (options: EventsOptions) => {
      const client = clientOf(options, terminal);
      const { actor, limit } = options;
      const newest = await client.events(actor === undefined ? { limit } : { limit, actor });
      const records = newest.toReversed();
      if (options.follow === true) await follow(terminal, client, options, records);
      else if (options.json === true) terminal.print(ok({ events: records }));
      else terminal.print(records.length === 0 ? 'no events' : records.map(line).join('\n'));
    });
  return withExample(command, 'pathwarden events --actor path/00001/1', 'pathwarden events --follow');
}

function count(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) return Number(text);
  throw new InvalidArgumentError('give a whole number from 1 to 1000');
}

async function follow(
  terminal: Terminal,
  client: Client,
  { actor, json }: EventsOptions,
  first: readonly JournalRecord[],
): Promise<void> {
  const print = (record: JournalRecord): void => {
    terminal.print(json === true ? JSON.stringify(record) : line(record));
  };
  first.forEach(print);
  // Begins right behind the last one printed, so that none is lost in between.
  const from = (first.at(-1)?.seq ?? 0) + 1;
  const query = actor === undefined ? { from } : { from, actor };
  await client.follow(query, print, terminal.ended).catch((error: unknown) => {
    if (!terminal.ended.aborted) throw streamError(client, error);
  });
  if (!terminal.ended.aborted) throw streamError(client, undefined);
}

function streamError(client: Client, cause: unknown): PathwardenError {
  if (cause instanceof PathwardenError) return cause;
  const text = `The agent at ${client.url} ended the stream of events: look at it, then follow again`;
  return new PathwardenError('AGENT_UNREACHABLE', text, { url: client.url }, cause === undefined ? {} : { cause });
}

function line({ at, seq, actor, event, value, intents }: JournalRecord): string {
  const asked = intents.length === 0 ? '' : `  asks: ${intents.map((intent) => intent.type).join(', ')}`;
  return `${clockTime(at)}  #${String(seq)}  ${actor}  ${event.type} -> ${dotted(value)}${asked}`;
}

/** `{ mapped: 'opening' }` as `mapped.opening`. */
function dotted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([state, inner]) => {
      const below = dotted(inner);
      return below === '' ? state : `${state}.${below}`;
    })
    .join(' ');
}
