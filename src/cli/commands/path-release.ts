import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findNode, findPath, nameOf, parsePathId } from '../find.ts';
import type { Shell } from '../shell.ts';

interface ReleaseOptions extends ChangeOptions {
  readonly to?: string;
}

export function pathRelease(shell: Shell): Command {
  const described = new Command('release').description('Move a path away from its owner');
  const command = changeOptions(described, { destructive: true })
    .argument('<path>', 'disk and number, as in 00001/1')
    .option('--to <node>', 'let this node take it; else the one that suits best does')
    .action(async (text: string, options: ReleaseOptions) => {
      shell.exitCode = await release(shell, text, options);
    });
  return withExample(command, 'pathwarden path release 00001/1 --to gw2 --reason "switch port is flapping"');
}

async function release({ terminal }: Shell, text: string, options: ReleaseOptions): Promise<number> {
  const id = parsePathId(text);
  const name = nameOf(id);
  const cluster = await clientOf(options, terminal).cluster();
  const { owner } = findPath(cluster, id);
  if (owner === null) throw notAccepted(`Path ${name} has no owner: nothing to release`, { path: name });
  if (options.to !== undefined) findNode(cluster, options.to);
  if (options.to === owner) throw notAccepted(`Path ${name} is on ${owner} already`, { path: name, owner });
  return await carryOut(terminal, options, {
    actor: `path/${name}`,
    event: { type: 'operator.release', ...(options.to === undefined ? {} : { to: options.to }) },
    question: `Path ${name} on ${owner} is interrupted for a moment. Move it?`,
    settled: (now) => {
      const path = findPath(now, id);
      return path.moving === null && path.owner !== null && path.owner !== owner;
    },
    achieved: `path ${name} has left ${owner}`,
    undo: `pathwarden path release ${name} --to ${owner}`,
  });
}

const notAccepted = (message: string, facts: Readonly<Record<string, string>>): PathwardenError =>
  new PathwardenError('NOT_ACCEPTED', message, facts);
