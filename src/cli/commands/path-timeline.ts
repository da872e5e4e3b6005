import { Command } from 'commander';
import type { TakeOver } from '../../http/schemas.ts';
import { connectionOptions, withExample } from '../context.ts';
import { nameOf, parsePathId } from '../find.ts';
import { clientOfNode, type NodeOptions, orElsewhere } from '../other-node.ts';
import { clockTime, ok } from '../output.ts';
import type { Shell } from '../shell.ts';

const barColumns = 48;

export function pathTimeline({ terminal }: Shell): Command {
  const described = new Command('timeline').description('Draw the phases of the last take-over of a path, as bars');
  const command = connectionOptions(described)
    .argument('<path>', 'disk and number, as in 00001/1')
    .option('--node <name>', 'the take-over by this node')
    .action(async (text: string, options: NodeOptions) => {
      const name = nameOf(parsePathId(text));
      const client = await clientOfNode(options, terminal);
      const takeOver = await orElsewhere(client, `a take-over of path ${name}`, client.timeline(`path/${name}`));
      terminal.print(options.json === true ? ok({ takeOver }) : drawing(takeOver));
    });
  return withExample(command, 'pathwarden path timeline 00001/1');
}

function drawing({ path, at, tookMs, state, isServed, phases }: TakeOver): string {
  const after = `after ${String(tookMs)} ms`;
  const outcome = isServed ? `served ${after}` : `${state} ${after}, not served`;
  const head = `${path}: taken from ${clockTime(at)} on, ${outcome}`;
  const begin = Math.min(0, ...phases.map(({ startMs }) => startMs));
  // What goes on after the path is served would make the rest too small to see.
  const during = phases.filter(({ startMs }) => startMs < tookMs);
  const end = Math.max(1, tookMs, ...during.map(({ startMs, tookMs: ms }) => startMs + ms));
  const names = phases.map(({ name, within }) => (within === null ? name : `  ${name}`));
  const width = Math.max(...names.map((name) => name.length), 5);
  const figures = Math.max(...phases.map(({ tookMs: ms }) => String(ms).length), 1);
  const lines = phases.map((phase, index) => {
    const bar = barOf(phase, begin, end - begin).padEnd(barColumns);
    const open = phase.isOver ? '' : ' …';
    return `  ${(names[index] ?? '').padEnd(width)}  ${String(phase.tookMs).padStart(figures)} ms  |${bar}|${open}`;
  });
  const from = `${String(begin)} ms`;
  const scale = `${from}${`${String(end)} ms`.padStart(barColumns + 2 - from.length)}`;
  return [head, '', ...lines, `  ${' '.repeat(width + figures + 7)}${scale}`].join('\n');
}

/** At least one column, so that what was too short to see is still where it was. */
function barOf({ startMs, tookMs }: TakeOver['phases'][number], begin: number, span: number): string {
  const column = (ms: number): number => Math.round(((ms - begin) / span) * barColumns);
  const from = Math.min(column(startMs), barColumns - 1);
  const length = Math.max(1, Math.min(column(startMs + tookMs), barColumns) - from);
  return `${' '.repeat(from)}${'█'.repeat(length)}`;
}
