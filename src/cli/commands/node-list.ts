import { Command } from 'commander';
import type { ClusterSummary, NodeSummary } from '../../ports/inspector.ts';
import { clusterNotes } from '../cluster-notes.ts';
import { maintenanceLine } from '../maintenance-line.ts';
import { clientOf, readOptions, type ReadOptions, withExample } from '../context.ts';
import { table } from '../output.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';

export function nodeList({ terminal }: Shell): Command {
  const described = new Command('list').description('List all nodes, and what must still be proven of lost ones');
  const command = readOptions(described).action(async (options: ReadOptions) => {
    const client = clientOf(options, terminal);
    await show(terminal, options, async () => {
      const cluster = await client.cluster();
      const isHeard = cluster.nodes.some(({ heardMs }) => heardMs !== undefined);
      const heard = (node: NodeSummary) => (isHeard ? [heardOf(node, cluster.node)] : []);
      const columns = ['NODE', 'STATE', 'PATHS', ...(isHeard ? ['HEARD'] : []), 'VERSION', 'AGENT'];
      const rows = cluster.nodes.map((node) => nodeRow(node, heard(node)));
      const nodes = table(columns, rows, 'no nodes');
      const text = `${nodes}${exclusions(cluster)}${clusterNotes(cluster)}`;
      return { result: { nodes: cluster.nodes, exclusions: cluster.exclusions }, text };
    });
  });
  return withExample(command, 'pathwarden node list');
}

const nodeRow = (node: NodeSummary, heard: readonly string[]): readonly string[] =>
  [node.node, stateOf(node), String(node.paths), ...heard, node.version, node.inspector || '-'];

/** When that node answered the one that we ask. */
function heardOf({ node, heardMs }: NodeSummary, self: string): string {
  if (node === self) return '-';
  return typeof heardMs === 'number' ? `${String(Math.round(heardMs))} ms ago` : 'never';
}

function stateOf({ alive, leaving, draining, maintenance }: NodeSummary): string {
  const [life = 'alive'] = [...(alive ? [] : ['lost']), ...(leaving ? ['leaving'] : [])];
  const drained = draining === null || life !== 'alive' ? life : `draining (${draining.by}: ${draining.reason})`;
  return maintenance === null ? drained : `${drained}, ${maintenanceLine(maintenance)}`;
}

function exclusions({ exclusions: all }: ClusterSummary): string {
  const open = all.filter((exclusion) => exclusion.state !== 'proven');
  if (open.length === 0) return '';
  const rows = open.map(({ node, session, state, method, evidence }) => [node, session, state, method, evidence]);
  return `\n\nTo be proven unable to write:\n${table(['NODE', 'SESSION', 'STATE', 'METHOD', 'EVIDENCE'], rows, '')}`;
}
