// What each start of the daemon means to the node.
import type { NodeEvent } from './events.ts';

type Started = Extract<NodeEvent, { readonly type: 'node.started' }>;

/** A start stands in for a contact once: otherwise a daemon that starts again and again serves for ever. */
export const startedAgain = [
  { guard: 'countsOn', target: 'recovering', reenter: true, actions: 'noteStartAgain' },
  { guard: 'hadSession', target: 'fencing', actions: ['noteStart', 'noteUnheard'] },
  { target: 'recovering', reenter: true, actions: 'noteStart' },
] as const;
/** What was lost stays lost: a start gives no new lease to what is being torn down. */
export const startedWhileFencing = [
  { guard: 'saysWhen', target: 'fencing', reenter: true, actions: 'noteStartAgain' },
  { target: 'recovering', actions: 'noteStart' },
] as const;

/** Records from before it say nothing of a storage, and replay as they did. */
export function startOf({ clears: before }: { readonly clears?: boolean }, event: Started) {
  const { instance, bootId, clears } = event;
  const said = clears === undefined && before === undefined ? {} : { clears: clears === true };
  return { instance, bootId, tries: 0, ...said };
}
