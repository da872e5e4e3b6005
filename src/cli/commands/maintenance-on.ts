import { Command } from 'commander';
import { PathwardenError } from '../../errors.ts';
import { carryOut, changeOptions, type ChangeOptions } from '../change.ts';
import { clientOf, withExample } from '../context.ts';
import { findNode } from '../find.ts';
import { maintained } from '../maintained.ts';
import type { Shell } from '../shell.ts';

interface OnOptions extends ChangeOptions {
  readonly node?: string;
  readonly for?: number;
}

const meaning =
  'Until it ends nobody is fenced, and no path is taken whose last owner is not proven unable to write: such a path ' +
  'waits. A node in maintenance of its own takes no path, and serves on';

export function maintenanceOn(shell: Shell): Command {
  const { terminal } = shell;
  const described = new Command('on').description(`Begin maintenance, of the cluster or of one node. ${meaning}`);
  const command = changeOptions(described, { destructive: true })
    .option('--node <name>', 'of this node only')
    .option('--for <time>', 'end it after this long: 30m, 2h, 1d', timeSpan)
    .action(async ({ node, for: forMs, ...options }: OnOptions) => {
      if (options.reason === undefined) {
        throw new PathwardenError('USAGE_INVALID', 'maintenance on needs --reason: everybody who waits will read it');
      }
      if (node !== undefined) findNode(await clientOf(options, terminal).cluster(), node);
      const [what, flag] = node === undefined ? ['the cluster', ''] : [node, ` --node ${node}`];
      shell.exitCode = await carryOut(terminal, options, {
        actor: 'node',
        event: {
          type: 'operator.maintain',
          ...(node === undefined ? {} : { node }),
          ...(forMs === undefined ? {} : { forMs }),
        },
        question: `A path of ${what} whose node is lost stays unserved until maintenance ends. Begin it?`,
        settled: (cluster) => maintained(cluster, node) !== null,
        achieved: `${what} is in maintenance`,
        undo: `pathwarden maintenance off${flag}`,
      });
    });
  const reason = '--reason "new switch"';
  const line = 'pathwarden maintenance on';
  return withExample(command, `${line} --for 2h ${reason}`, `${line} --node gw1 ${reason}`);
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 2_592_000_000;

/** Milliseconds. */
function timeSpan(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? 0);
  if (ms >= 1_000 && ms <= longestMs) return ms;
  throw new PathwardenError('USAGE_INVALID', `--for must look like 30m, 2h or 1d, 30 days at most, not like ${text}`, {
    for: text,
  });
}
