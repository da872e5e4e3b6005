import { Command } from 'commander';
import type { Explanation } from '../../ports/inspector.ts';
import { connectionOptions, withExample } from '../context.ts';
import { nameOf, parsePathId } from '../find.ts';
import { clientOfNode, type NodeOptions, orElsewhere } from '../other-node.ts';
import { clockTime, duration, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

export function pathExplain({ terminal }: Shell): Command {
  const described = new Command('explain').description('Say why a path is where it is, back to the first cause');
  const command = connectionOptions(described)
    .argument('<path>', 'disk and number, as in 00001/1')
    .option('--node <name>', 'explain its state on this node')
    .action(async (text: string, options: NodeOptions) => {
      const name = nameOf(parsePathId(text));
      const client = await clientOfNode(options, terminal);
      const explanation = await orElsewhere(client, `path ${name}`, client.explain(`path/${name}`));
      terminal.print(options.json === true ? ok({ explanation }) : explanationText(explanation));
    });
  return withExample(command, 'pathwarden path explain 00001/1');
}

function explanationText({ actor, state, description, chain }: Explanation): string {
  const head = `${actor} is ${state}\n${description}`;
  if (chain.length === 0) return `${head}\n\nNothing is known about how it came there.`;
  const lines = chain.flatMap((step, index) => {
    const later = chain[index - 1];
    const before = later === undefined ? '' : `  (${duration(later.at - step.at)} before)`;
    const where = `  ${clockTime(step.at)}  ${step.actor} -> ${step.state}${before}`;
    return [where, `      ${step.text}  [${step.event.type}, #${String(step.seq)}]`];
  });
  const end = causeText(chain.at(-1)?.cause ?? null);
  return `${head}\n\nWhy, latest first:\n${lines.join('\n')}\n      first cause: ${end}`;
}

function causeText(cause: Explanation['chain'][number]['cause']): string {
  if (cause === null) return 'not recorded';
  if (cause.kind === 'operator') return `${cause.by} asked for it: ${cause.reason}`;
  if (cause.kind === 'local') return cause.what;
  if (cause.kind === 'intent') return `the answer to intent ${cause.id}, which is no longer in the journal`;
  const at = `Consul at index ${String(cause.index)}`;
  return cause.key === undefined ? at : `${cause.key} in ${at}`;
}
