// Why an actor is where it is: from its last move back through causes to the first one known.
import type { Json } from '../../machines/intent.ts';
import { kindOf } from '../core/definition.ts';
import { describe, describeValue, dotted, stateOf } from '../core/state.ts';
import type { ExplainStep, Explanation } from '../ports/inspector.ts';
import type { Cause, JournalPort, JournalRecord } from '../ports/journal.ts';
import type { Actor } from './actor.ts';

const recentMax = 30;
const chainMax = 60;

export async function explain(journal: JournalPort, actor: Actor): Promise<Explanation> {
  const recent = await journal.read({ actor: actor.id, limit: recentMax, newestFirst: true });
  return {
    actor: actor.id,
    state: stateOf(actor.snapshot),
    description: describe(actor.snapshot),
    chain: await chainFrom(journal, lastMove(recent)),
    recent: recent.map(stepOf),
  };
}

/** The record that brought the actor into its present state. */
function lastMove(newestFirst: readonly JournalRecord[]): JournalRecord | undefined {
  const [newest] = newestFirst;
  if (newest === undefined) return undefined;
  const present = dotted(newest.value);
  const lastOther = newestFirst.findIndex(({ value }) => dotted(value) !== present);
  return lastOther === -1 ? newestFirst.at(-1) : newestFirst[lastOther - 1];
}

async function chainFrom(journal: JournalPort, start: JournalRecord | undefined): Promise<readonly ExplainStep[]> {
  const chain: ExplainStep[] = [];
  let current = start;
  while (current !== undefined && chain.length < chainMax) {
    chain.push(stepOf(current));
    if (current.cause?.kind !== 'intent') break;
    const [seq = ''] = current.cause.id.split('.', 1);
    const [asker] = await journal.read({ from: Number(seq), to: Number(seq), limit: 1 });
    current = asker;
  }
  return chain;
}

const stepOf = ({ seq, actor, at, event, value, cause }: JournalRecord): ExplainStep => {
  const state = dotted(value);
  const kind = kindOf(actor);
  const sentence = kind === undefined ? '' : describeValue(kind.definition, value);
  return { seq, actor, at, event, state, cause, text: `${tell(event)}${because(cause)}. ${sentence}`.trim() };
};

/** The event with the facts that people ask for. */
function tell(event: JournalRecord['event']): string {
  const { type, ...facts } = event as { type: string } & Record<string, Json>;
  const said = facts['reason'] ?? facts['evidence'] ?? facts['method'] ?? facts['answeredBy'];
  const session = typeof facts['session'] === 'string' ? ` (session ${facts['session']})` : '';
  return `${type}${session}${typeof said === 'string' ? `: ${said}` : ''}`;
}

function because(cause: Cause | null): string {
  if (cause?.kind === 'consul')
    return `, by Consul index ${String(cause.index)}${cause.key === undefined ? '' : ` at ${cause.key}`}`;
  if (cause?.kind === 'operator') return `, by ${cause.by}: ${cause.reason}`;
  return cause?.kind === 'local' ? `, by this node: ${cause.what}` : '';
}
