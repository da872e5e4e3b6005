// The shortest list of faults that still breaks the same rule: delta debugging over what was planned.
import type { Rule } from './judge.ts';
import type { Fault } from './fault.ts';
import { runOnce, type Order, type Verdict } from './run.ts';

const runsMax = 400;

export async function shrink(order: Order, failed: Verdict): Promise<Verdict> {
  const rule = failed.violation?.rule ?? null;
  let runs = 0;
  let shortest = failed;
  const breaks = async (plan: readonly Fault[]): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const verdict = await runOnce({ ...order, plan });
    if (!isSame(rule, verdict)) return false;
    shortest = verdict;
    return true;
  };
  const happened = failed.plan.filter(({ atMs }) => atMs <= (failed.violation?.atMs ?? Infinity));
  await breaks(happened);
  for (let parts = 2; parts <= shortest.plan.length;) {
    const size = Math.ceil(shortest.plan.length / parts);
    const smaller = await withoutOnePart(shortest.plan, size, breaks);
    if (smaller) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(shortest.plan.length, parts * 2);
  }
  await breaks([]);
  return shortest;
}

async function withoutOnePart(
  plan: readonly Fault[],
  size: number,
  breaks: (plan: readonly Fault[]) => Promise<boolean>,
): Promise<boolean> {
  for (let from = 0; from < plan.length; from += size) {
    if (await breaks([...plan.slice(0, from), ...plan.slice(from + size)])) return true;
  }
  return false;
}

const isSame = (rule: Rule | null, { violation }: Verdict): boolean => violation !== null && violation.rule === rule;
