// What operators ask of the node, as intents.
import { assertEvent } from 'xstate';
import type { NodeEvent } from './events.ts';

export const operatorParams = ({ event }: { event: NodeEvent }) => {
  assertEvent(event, ['operator.drain', 'operator.undrain', 'operator.confirmDown']);
  return { node: event.node, by: event.by, reason: event.reason };
};

export const maintenance = {
  write: {
    type: 'maintenance.write',
    params: ({ event }: { event: NodeEvent }) => {
      assertEvent(event, 'operator.maintain');
      return { node: event.node ?? null, forMs: event.forMs ?? null, by: event.by, reason: event.reason };
    },
  },
  remove: {
    type: 'maintenance.remove',
    params: ({ event }: { event: NodeEvent }) => {
      assertEvent(event, ['operator.endMaintenance', 'maintenance.expired']);
      return { node: event.node ?? null, modifyIndex: 'modifyIndex' in event ? event.modifyIndex : null };
    },
  },
} as const;
