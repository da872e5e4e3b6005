// Why an actor is where it is: from its last move back through causes to the first one known.
import type { Json } from '../../machines/intent.ts';
import { kindOf, versionOf } from '../core/definition.ts';
import { actorIds } from '../core/records.ts';
import { describeValue } from '../core/state.ts';
import type { ExplainStep, Explanation } from '../ports/inspector.ts';
import type { Cause, JournalRecord } from '../ports/journal.ts';
import { backwards, seqAt, stateIn, type History } from './history.ts';

const recentMax = 30;
const chainMax = 60;
/** An actor may go on for long in one state; what brought it there is looked for this far back. */
const searchedMax = 5_000;

/** Now, or as of a wall clock millisecond; undefined when the actor has no record up to then. */
export async function explainAt(history: History, actor: string, at?: number): Promise<Explanation | undefined> {
  if (at === undefined) return explain(history, actor);
  const to = await seqAt(history, at);
  return to === 0 ? undefined : explain(history, actor, to);
}

/** As of record `to`, or of the newest; undefined when the actor has no record up to there. */
async function explain(history: History, actor: string, to?: number): Promise<Explanation | undefined> {
  const recent: JournalRecord[] = [];
  let arrival: JournalRecord | undefined;
  let hasLeft = false;
  let searched = 0;
  for await (const record of backwards(history, actor, to)) {
    if (recent.length < recentMax) recent.push(record);
    hasLeft ||= stateIn(record) !== stateIn(recent[0] ?? record);
    if (!hasLeft) arrival = record;
    searched += 1;
    if ((hasLeft && recent.length === recentMax) || searched === searchedMax) break;
  }
  const [newest] = recent;
  if (newest === undefined) return undefined;
  return {
    actor,
    state: stateIn(newest),
    description: sentenceOf(newest),
    chain: await chainFrom(history, arrival),
    recent: recent.map(stepOf),
    waits: null,
  };
}

async function chainFrom(history: History, start: JournalRecord | undefined): Promise<readonly ExplainStep[]> {
  const chain: ExplainStep[] = [];
  let current = start;
  while (current !== undefined && chain.length < chainMax) {
    chain.push(stepOf(current));
    current = await before(history, current);
  }
  return chain;
}

async function before(history: History, record: JournalRecord): Promise<JournalRecord | undefined> {
  const { actor, seq, cause } = record;
  if (cause?.kind === 'intent') {
    const asker = Number.parseInt(cause.id, 10);
    return (await history.read({ from: asker, to: asker, limit: 1 }))[0];
  }
  // What was proven may have been proven here: then the proof goes on, to the command or the time that passed.
  const prover = cause?.kind === 'consul' ? proverOf(record.event, cause.key ?? '') : null;
  if (prover === null || prover === actor) return undefined;
  return (await history.read({ actor: prover, to: seq, limit: 1, newestFirst: true }))[0];
}

/** The actor that proved what the event is about, if it was on this node. */
function proverOf(event: JournalRecord['event'], key: string): string | null {
  if (key.startsWith('exclusions/')) return key.replace('exclusions/', 'exclusion/');
  const { evidence, proof } = event as { evidence?: Json; proof?: Json };
  if (typeof proof !== 'string' || typeof evidence !== 'object' || evidence === null) return null;
  return 'session' in evidence && typeof evidence.session === 'string' ? actorIds.exclusion(evidence.session) : null;
}

const stepOf = (record: JournalRecord): ExplainStep => {
  const { seq, actor, at, event, cause } = record;
  const text = `${tell(event)}${because(cause)}. ${sentenceOf(record)}`.trim();
  return { seq, actor, at, event, state: stateIn(record), cause, text };
};

function sentenceOf({ actor, machine, value }: JournalRecord): string {
  const of = kindOf(actor)?.definition;
  const version = of === undefined ? undefined : versionOf(of, machine);
  return version === undefined ? '' : describeValue(version, value);
}

/** The event with the facts that people ask for. */
function tell(event: JournalRecord['event']): string {
  const { type, ...facts } = event as { type: string } & Record<string, Json>;
  const said = facts['reason'] ?? facts['evidence'] ?? facts['method'] ?? facts['answeredBy'];
  const session = typeof facts['session'] === 'string' ? ` (session ${facts['session']})` : '';
  const took = typeof facts['tookMs'] === 'number' ? ` after ${String(facts['tookMs'])} ms` : '';
  return `${type}${session}${took}${typeof said === 'string' ? `: ${said}` : ''}`;
}

function because(cause: Cause | null): string {
  if (cause?.kind === 'consul') {
    const key = cause.key === undefined ? '' : ` at ${cause.key}`;
    const by = cause.by === undefined ? '' : `, written by ${cause.by}`;
    return `, by Consul index ${String(cause.index)}${key}${by}`;
  }
  if (cause?.kind === 'operator') return `, by ${cause.by}: ${cause.reason}`;
  return cause?.kind === 'local' ? `, by this node: ${cause.what}` : '';
}
