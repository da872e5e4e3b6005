// What a failing run says: its seed, its shortest list of faults, and one line per event around the violation.
import type { Fault } from './fault.ts';
import type { Order, Verdict } from './run.ts';

const linesBefore = 80;

export function describe(order: Order, { shape, plan, violation, lines }: Verdict, planned: number): string {
  const { seed, nodes, hours, paths } = order;
  const more = paths === null ? '' : ` --paths ${String(paths)}`;
  const at = lines.findIndex((line) => line.includes(' !!!! '));
  const around = lines.filter((line) => !/\.observe .*: done$/.test(line)).slice(0, at < 0 ? undefined : at + 1);
  const count = shape.disks.flatMap((disk) => disk.paths).length;
  const methods = shape.methods.map(({ method }) => method).join(', ');
  return [
    `seed ${String(seed)}: ${String(violation?.rule)}`,
    `  ${String(violation?.what)}`,
    `  ${String(nodes)} nodes, ${String(count)} paths, exclusion by ${methods}`,
    `  again: npm run sim -- --seed ${String(seed)} --nodes ${String(nodes)} --hours ${String(hours)}${more}`,
    '',
    `the shortest list of faults found (${String(plan.length)} of ${String(planned)}):`,
    ...plan.map((fault) => `  ${sentence(fault)}`),
    '',
    'what happened:',
    ...around.slice(-linesBefore).map((line) => `  ${line}`),
  ].join('\n');
}

function sentence({ atMs, kind, ...rest }: Fault): string {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${(atMs / 1_000).toFixed(3)} s ${kind}: ${details.join(', ')}`;
}
