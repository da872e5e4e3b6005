// Which intents still wait for an answer.
import { laneOf, type Intent } from '../../machines/intent.ts';
import { specOf, type Kind } from './definition.ts';

export type Pending = ReadonlyMap<string, Intent>;

export const intentId = (seq: number, position: number): string => `${String(seq)}.${String(position)}`;

/**
 * What is pending after a record: its answer is settled, and each new intent supersedes older ones in its lane.
 * Pure, so that replay computes the same.
 */
export function settle(
  kind: Kind,
  pending: Pending,
  settles: string | null,
  seq: number,
  intents: readonly Intent[],
): Pending {
  if (settles === null && intents.length === 0) return pending;
  const next = new Map(pending);
  if (settles !== null) next.delete(settles);
  intents.forEach((intent, position) => {
    const spec = specOf(kind.definition, intent.type);
    const lane = laneOf(spec, intent);
    if (lane !== null) dropLane(kind, next, lane);
    if (spec.answer.by !== 'nobody') next.set(intentId(seq, position), intent);
  });
  return next;
}

function dropLane(kind: Kind, pending: Map<string, Intent>, lane: string): void {
  for (const [id, intent] of pending) {
    if (laneOf(specOf(kind.definition, intent.type), intent) === lane) pending.delete(id);
  }
}
