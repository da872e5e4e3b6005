import type { Json } from '../../machines/intent.ts';
import { machineNames, type MachineName } from '../../machines/index.ts';
import { definition } from '../core/definition.ts';
import { graphOf, toMermaid } from '../core/graph.ts';
import type { MachineInfo } from '../ports/inspector.ts';

/** Of today's version; undefined when no machine is called so. */
export function machineInfo(name: string): MachineInfo | undefined {
  const known = machineNames.find((each): each is MachineName => each === name);
  if (known === undefined) return undefined;
  const { machine, version } = definition(known);
  const graph = graphOf(machine);
  return { name, version, definition: machine.config as unknown as Json, graph, mermaid: toMermaid(graph) };
}
