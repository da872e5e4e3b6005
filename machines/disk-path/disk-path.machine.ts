// One path of one disk on one node: unlocked → locking → mapped → enabled → releasing → fenced.
import { locking } from './locking.ts';
import { enabled, mapped } from './mapped.ts';
import { diskPath, type DiskPathInput } from './setup.ts';
import { fenced, releasing } from './teardown.ts';
import { unlocked } from './unlocked.ts';

export const diskPathMachine = diskPath.createMachine({
  id: 'disk-path',
  description: 'Keeps one path of one disk: who may serve it, and whether it is served here.',
  // XState runs this factory again, without input, at every transition: it must stay cheap and never throw.
  context: ({ input }: { input?: DiskPathInput }) => ({
    disk: input?.disk ?? '',
    index: input?.index ?? 0,
    settings: null,
    offer: null,
    lock: null,
    evidence: null,
    diskReady: false,
    addressFree: false,
    trafficBlocked: false,
    giveUp: null,
    tries: 0,
    failures: 0,
    trouble: null,
  }),
  initial: 'unlocked',
  on: {
    'operator.release': {
      actions: {
        type: 'move.request',
        params: ({ context, event }) => ({
          disk: context.disk,
          index: context.index,
          to: event.to ?? null,
          by: event.by,
          reason: event.reason,
        }),
      },
    },
    'path.moveEnded': {
      actions: {
        type: 'move.clear',
        params: ({ context, event }) => ({
          disk: context.disk,
          index: context.index,
          modifyIndex: event.modifyIndex,
        }),
      },
    },
  },
  states: { unlocked, locking, mapped, enabled, releasing, fenced },
});
