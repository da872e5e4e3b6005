// Changes: ask, tell the actor, wait until the cluster has settled, say how to undo it.
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { PathwardenError } from '../errors.ts';
import type { ClusterSummary, PostResult } from '../ports/inspector.ts';
import type { Client } from './client.ts';
import { clientOf, connectionOptions, type ConnectionOptions, tokenOption } from './context.ts';
import { ok } from './output.ts';
import type { Terminal } from './terminal.ts';

export interface ChangeOptions extends ConnectionOptions {
  /** Seconds. */
  readonly wait?: number;
  readonly reason?: string;
  readonly force?: boolean;
}

export interface Change {
  readonly actor: string;
  readonly event: { readonly type: string; readonly [field: string]: unknown };
  /** Asked before something that interrupts service; null when nothing does. */
  readonly question: string | null;
  /** True when the change has come to its end. */
  readonly settled: (cluster: ClusterSummary) => boolean;
  /** `disk 00001 is started` */
  readonly achieved: string;
  /** A command that undoes it, or why nothing does. */
  readonly undo: string;
}

const longestWaitSeconds = 300;
const longestAnswerMs = 30_000;
const pollEveryMs = 250;

export function changeOptions(command: Command, { destructive }: { destructive: boolean }): Command {
  const wait = `wait this long until it has settled; 0 does not wait (default: ${String(longestWaitSeconds)})`;
  tokenOption(connectionOptions(command))
    .option('--wait <seconds>', wait, seconds)
    .option('--reason <text>', 'why; kept in the journal');
  return destructive ? command.option('--force', 'do not ask') : command;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 86_400) return value;
  throw new PathwardenError('USAGE_INVALID', `--wait must be seconds from 0 to 86400, not ${text}`, { wait: text });
}

/** Carries out one change and prints how it went. Resolves to the exit code. */
export async function carryOut(terminal: Terminal, options: ChangeOptions, change: Change): Promise<number> {
  const asks = change.question !== null && terminal.interactive && options.force !== true;
  if (asks && !(await terminal.confirm(change.question))) {
    terminal.printError('pathwarden: nothing was changed');
    return 1;
  }
  const client = clientOf(options, terminal);
  const waitMs = (options.wait ?? longestWaitSeconds) * 1000;
  const until = performance.now() + waitMs;
  const posted = await client.post(change.actor, {
    ...change.event,
    by: terminal.user,
    reason: options.reason ?? 'no reason given',
    waitMs: Math.min(waitMs, longestAnswerMs),
  });
  const accepted = acceptedOrThrow(change, posted);
  if (waitMs > 0) await untilSettled(terminal, client, change, until);
  const said = waitMs > 0 ? change.achieved : `accepted: ${change.event.type} for ${change.actor}; not waiting`;
  terminal.print(
    options.json === true
      ? ok({ actor: change.actor, settled: waitMs > 0, undo: change.undo, ...accepted })
      : `${said}\nundo: ${change.undo}`,
  );
  return 0;
}

function acceptedOrThrow(change: Change, posted: PostResult): { readonly seq: number; readonly state: string } {
  if (!posted.accepted) {
    const others = posted.accepts.filter((type) => type.startsWith('operator.'));
    const hint = others.length === 0 ? 'it takes no operator event now' : `it takes now: ${others.join(', ')}`;
    const message = `${change.actor} is ${posted.state} and does not take ${change.event.type}; ${hint}`;
    const { state, accepts } = posted;
    throw new PathwardenError('NOT_ACCEPTED', message, { actor: change.actor, state, accepts });
  }
  const refusal = posted.answers.find((event) => event.type.endsWith('Refused'));
  if (refusal !== undefined) {
    const reason = 'reason' in refusal && typeof refusal.reason === 'string' ? refusal.reason : 'no reason was given';
    throw new PathwardenError('NOT_ACCEPTED', `${change.event.type} for ${change.actor} was refused: ${reason}`, {
      actor: change.actor,
      answer: refusal.type,
      reason,
    });
  }
  return { seq: posted.seq, state: posted.state };
}

async function untilSettled(terminal: Terminal, client: Client, change: Change, until: number): Promise<void> {
  while (!change.settled(await client.cluster())) {
    if (performance.now() >= until || terminal.ended.aborted) {
      const message =
        `${change.event.type} for ${change.actor} was accepted but has not settled: it goes on; ` +
        'look at it with `pathwarden path list`, or wait longer with --wait';
      throw new PathwardenError('LIMIT_EXCEEDED', message, { limit: '--wait', actor: change.actor });
    }
    await pause(pollEveryMs, undefined, { signal: terminal.ended }).catch(() => undefined);
  }
}
