// Many seeds, one after the other, and what came of them.
import type { FaultKind } from './fault.ts';
import { everyKind } from './plan.ts';
import { describe } from './report.ts';
import { runOnce, type Order } from './run.ts';
import { shrink } from './shrink.ts';

/** What the runs have in common; plain data, for another thread. */
export interface Batch {
  readonly seeds: readonly number[];
  /** Null: 3 and 5 in turns. */
  readonly nodes: number | null;
  readonly paths: number | null;
  readonly hours: number;
  /** Null: every kind. */
  readonly kinds: readonly string[] | null;
  readonly trace: boolean;
}

export interface Tally {
  runs: number;
  hours: number;
  readonly hoursOf: Record<string, number>;
  faults: number;
  writes: number;
  events: number;
  readonly failures: string[];
}

export type Say = (text: string) => void;

export const emptyTally = (): Tally =>
  ({ runs: 0, hours: 0, hoursOf: {}, faults: 0, writes: 0, events: 0, failures: [] });

/** Adds each run to `tally` and calls back after it. */
export async function runBatch(batch: Batch, tally: Tally, say: Say, onRun: () => void): Promise<void> {
  // Calls are called off all the time, and each of them would collect a stack that nobody reads.
  Error.stackTraceLimit = 0;
  for (const seed of batch.seeds) {
    const order = orderOf(batch, seed);
    const verdict = await runOnce({ ...order, trace: batch.trace });
    if (batch.trace) say(verdict.lines.join('\n'));
    if (batch.seeds.length === 1) say(`digest ${verdict.digest}`);
    const failures = verdict.violation === null ? [] : [await explain(order, verdict, say)];
    const hours = verdict.simulatedMs / 3_600_000;
    const { plan, writes, events } = verdict;
    const hoursOf = { [String(order.nodes)]: hours };
    addTo(tally, { runs: 1, hours, hoursOf, faults: plan.length, writes, events, failures });
    onRun();
  }
}

export function addTo(tally: Tally, more: Tally): void {
  for (const what of ['runs', 'hours', 'faults', 'writes', 'events'] as const) tally[what] += more[what];
  for (const [nodes, hours] of Object.entries(more.hoursOf)) {
    tally.hoursOf[nodes] = (tally.hoursOf[nodes] ?? 0) + hours;
  }
  tally.failures.push(...more.failures);
}

function orderOf({ nodes, paths, hours, kinds }: Batch, seed: number): Order {
  const only = kinds === null ? {} : { kinds: kinds.filter(isKind) };
  return { seed, nodes: nodes ?? (seed % 2 === 0 ? 5 : 3), paths, hours, ...only };
}

function isKind(name: string): name is FaultKind {
  return (everyKind as readonly string[]).includes(name);
}

/** Answers the first line of it. */
async function explain(order: Order, failed: Awaited<ReturnType<typeof runOnce>>, say: Say): Promise<string> {
  const shortest = await shrink(order, failed);
  const told = await runOnce({ ...order, plan: shortest.plan, trace: true });
  const text = describe(order, told, failed.plan.length);
  say(`\n${text}\n`);
  return text.split('\n').slice(0, 2).join(': ');
}
