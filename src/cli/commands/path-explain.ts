import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import type { Explanation } from '../../ports/inspector.ts';
import type { Client } from '../client.ts';
import { connectionOptions, withExample } from '../context.ts';
import { nameOf, parsePathId } from '../find.ts';
import { clientOfNode, type NodeOptions, orElsewhere } from '../other-node.ts';
import { clockTime, duration, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

interface ExplainOptions extends NodeOptions {
  readonly at?: string;
}

export function pathExplain({ terminal }: Shell): Command {
  const described = new Command('explain').description('Say why a path is where it is, back to the first cause');
  const command = connectionOptions(described)
    .argument('<path>', 'disk and number, as in 00001/1')
    .option('--at <time>', 'as it was then: 2026-01-31 12:03:04, or 12:03 today, in local time')
    .option('--node <name>', 'explain its state on this node')
    .action(async (text: string, options: ExplainOptions) => {
      const name = nameOf(parsePathId(text));
      const at = options.at === undefined ? undefined : timeIn(options.at);
      const client = await clientOfNode(options, terminal);
      const explanation = await orElsewhere(client, `path ${name}`, client.explain(`path/${name}`, at));
      if (options.json === true) {
        terminal.print(ok({ explanation }));
        return;
      }
      const elsewhere = options.node === undefined ? await hint(client, name) : '';
      terminal.print(explanationText(explanation, at) + elsewhere);
    });
  return withExample(command, 'pathwarden path explain 00001/1', 'pathwarden path explain 00001/1 --at 12:03');
}

/** Another node has it: that one knows more. */
async function hint(client: Client, name: string): Promise<string> {
  const { node, disks } = await client.cluster();
  const path = disks.flatMap(({ paths }) => paths).find((each) => nameOf(each) === name);
  if (path === undefined || path.owner === null || path.owner === node) return '';
  return `\n\n${path.owner} has it now: pathwarden path explain ${name} --node ${path.owner}`;
}

/** Wall clock milliseconds, to the end of the second or minute that was named. */
function timeIn(text: string): number {
  const [, day, hours = '', minutes, seconds, thousandths] =
    /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?$/.exec(text) ?? [];
  const today = new Date().toLocaleDateString('sv');
  const end = seconds === undefined ? '59.999' : `${seconds}.${thousandths ?? '999'}`;
  const at = Date.parse(`${day ?? today}T${hours.padStart(2, '0')}:${minutes ?? ''}:${end}`);
  const zoned = Number.isNaN(at) && /[zZ]$|[+-]\d\d:?\d\d$/.test(text) ? Date.parse(text) : at;
  if (!Number.isNaN(zoned)) return zoned;
  const message = `--at must look like "2026-01-31 12:03:04" or 12:03, not like ${text}`;
  throw new PathwardenError('USAGE_INVALID', message, { at: text });
}

function explanationText(
  { actor, state, description, chain, waits }: Explanation,
  at: number | undefined,
): string {
  const head = at === undefined ? `${actor} is ${state}` : `${actor} was ${state} at ${clockTime(at)}`;
  const meaning = waits === null ? description : `${description}\nIt waits: ${waits}`;
  const first = chain.at(-1);
  if (first === undefined) return `${head}\n${meaning}\n\nNothing is known about how it came there.`;
  const lines = chain.flatMap((step, index) => {
    const later = chain[index - 1];
    const before = later === undefined ? '' : `  (${duration(later.at - step.at)} before)`;
    const where = `  ${clockTime(step.at)}  ${step.actor} -> ${step.state}${before}`;
    return [where, `      ${step.text}  [${step.event.type}, #${String(step.seq)}]`, ...commandLines(step.event)];
  });
  const why = [...lines, `      first cause: ${causeText(first.cause)}`].join('\n');
  return `${head}\n${meaning}\n\nWhy, latest first:\n${why}`;
}

/** What ran to bring the answer, one line each. */
function commandLines(event: object): readonly string[] {
  const commands: unknown = Reflect.get(event, 'commands');
  if (!Array.isArray(commands)) return [];
  return commands.map((each: { command: string; code: number | null; tookMs: number }) => {
    const how = each.code === null ? 'did not end by itself' : `exit code ${String(each.code)}`;
    return `        $ ${each.command}: ${how}, ${String(each.tookMs)} ms`;
  });
}

function causeText(cause: Explanation['chain'][number]['cause']): string {
  if (cause === null) return 'not recorded';
  if (cause.kind === 'operator') return `${cause.by} asked for it: ${cause.reason}`;
  if (cause.kind === 'local') return cause.what;
  if (cause.kind === 'intent') return `the answer to intent ${cause.id}, which is no longer in the journal`;
  const by = cause.by === undefined ? '' : `, written by ${cause.by}`;
  const at = `Consul at index ${String(cause.index)}${by}`;
  return cause.key === undefined ? at : `${cause.key} in ${at}`;
}
