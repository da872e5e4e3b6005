import { Command } from 'commander';
import type { ActorView, PathSummary } from '../../ports/inspector.ts';
import { readOptions, type ReadOptions, withExample } from '../context.ts';
import { findPath, nameOf, parsePathId } from '../find.ts';
import { clientOfNode, type NodeOptions, orElsewhere } from '../other-node.ts';
import { clockTime, duration, facts } from '../output.ts';
import { pathTable } from '../path-table.ts';
import type { Shell } from '../shell.ts';
import { show } from '../show.ts';

export function pathShow({ terminal }: Shell): Command {
  const command = readOptions(new Command('show').description('Show one path: its owner, and its state on one node'))
    .argument('<path>', 'disk and number, as in 00001/1')
    .option('--node <name>', 'its state on this node')
    .action(async (text: string, options: ReadOptions & NodeOptions) => {
      const id = parsePathId(text);
      const client = await clientOfNode(options, terminal);
      await show(terminal, options, async () => {
        const cluster = await client.cluster();
        const path = findPath(cluster, id);
        const actor = await orElsewhere(client, `path ${nameOf(id)}`, client.actor(`path/${nameOf(id)}`));
        return { result: { node: cluster.node, path, actor }, text: page(path, actor, cluster.node) };
      });
    });
  return withExample(command, 'pathwarden path show 00001/1', 'pathwarden path show 00001/1 --node gw2');
}

function page(path: PathSummary, actor: ActorView, node: string): string {
  const pending = actor.pending.map((intent) => `${intent.type} (${intent.id})`).join(', ');
  const timers = actor.timers.map((timer) => `${timer.name} in ${duration(timer.dueInMs)}`).join(', ');
  const head = pathTable([path], node);
  // An actor that never changed its state has no time of a change.
  const since = actor.since === 0 ? '' : ` since ${clockTime(actor.since)}`;
  const details = facts([
    [`state on ${node}`, `${actor.state}${since}`],
    ['meaning', actor.description],
    ...(path.waits === null ? [] : [['waits', path.waits] as const]),
    ['tags', actor.tags.join(', ') || '-'],
    ['epoch', String(path.epoch)],
    ['working on', pending || '-'],
    ['timers', timers || '-'],
    ['accepts', actor.accepts.join(', ')],
  ]);
  return `${head}\n\n${details}`;
}
