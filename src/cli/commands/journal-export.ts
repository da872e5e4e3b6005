import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Command } from 'commander';
import type { JournalFile } from '../../../adapters/journal/file.ts';
import { PathwardenError } from '../../errors.ts';
import { withExample } from '../context.ts';
import { fileArgument } from '../journal-file.ts';
import { ok } from '../output.ts';
import type { Shell } from '../shell.ts';
import type { Terminal } from '../terminal.ts';

interface ExportOptions {
  readonly output?: string;
  readonly json?: boolean;
}

interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/** What was written, and the records that could not be read. */
interface Exported {
  readonly records: number;
  readonly unreadable: readonly number[];
  readonly reason: string;
}

const formatVersion = 1;
const chunkCharacters = 64 * 1024;

export function journalExport({ terminal }: Shell): Command {
  const command = new Command('export')
    .description('Print a journal as JSON, one object per line: a head, the snapshots, the records')
    .addArgument(fileArgument())
    .option('--output <file>', 'write to this file instead')
    .option('--json', 'with --output: say what was written as one JSON object')
    .action(async (name: string, { output, json }: ExportOptions) => {
      const { openJournalFile } = await import('../../../adapters/journal/file.ts');
      const file = openJournalFile(name);
      const sink = output === undefined ? screen(terminal) : fileSink(output);
      try {
        const { records, unreadable, reason } = await write(file, sink, terminal);
        await sink.end();
        if (unreadable.length > 0) throw incomplete(name, records, unreadable, reason);
        if (output !== undefined) {
          terminal.print(json === true ? ok({ output, records }) : `${records} records are in ${output}`);
        }
      } finally {
        file.close();
      }
    });
  return withExample(command, 'pathwarden journal export --output /tmp/gw1.ndjson');
}

async function write(file: JournalFile, sink: Sink, terminal: Terminal): Promise<Exported> {
  const { node, firstSeq, lastSeq, records: count } = file.info();
  let text = '';
  const put = async (line: object): Promise<void> => {
    text += `${JSON.stringify(line)}\n`;
    if (text.length < chunkCharacters) return;
    await sink.write(text);
    text = '';
  };
  const format = 'pathwarden-journal';
  await put({ kind: 'head', format, version: formatVersion, node, firstSeq, lastSeq, records: count });
  for (const snapshot of file.earlier()) await put({ kind: 'earlier', ...snapshot });
  for (const snapshot of file.snapshots()) await put({ kind: 'snapshot', ...snapshot });
  const unreadable: number[] = [];
  let [records, reason] = [0, ''];
  for (const line of file.lines()) {
    if (terminal.ended.aborted) break;
    if ('record' in line) {
      records += 1;
      await put({ kind: 'record', ...line.record });
    } else {
      unreadable.push(line.unreadable);
      reason ||= line.reason;
    }
  }
  if (text !== '') await sink.write(text);
  return { records, unreadable, reason };
}

function incomplete(name: string, records: number, unreadable: readonly number[], reason: string): PathwardenError {
  const [first] = unreadable;
  const message =
    `${records} records of ${name} are exported, and ${unreadable.length} cannot be read, ` +
    `the first of them #${first}: ${reason}`;
  return new PathwardenError('JOURNAL_DAMAGED', message, { records, unreadable: unreadable.slice(0, 1000) });
}

const screen = (terminal: Terminal): Sink => ({
  write: (text) => terminal.write(text),
  end: () => Promise.resolve(),
});

function fileSink(output: string): Sink {
  const stream = createWriteStream(output, { mode: 0o600 });
  const failed = new Promise<never>((_, reject) => {
    stream.once('error', (cause) => {
      const message = `${output} cannot be written: name a file in a directory that has room and is yours`;
      reject(new PathwardenError('USAGE_INVALID', message, { output }, { cause }));
    });
  });
  failed.catch(() => undefined);
  return {
    write: async (text) => {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failed]);
    },
    end: async () => {
      stream.end();
      await Promise.race([finished(stream), failed]);
    },
  };
}
