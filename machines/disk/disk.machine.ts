// One disk on one node: the image and the target that its paths here share.
import {
  armRetry, attach, define, detach, disk, fail, letGo, letGoEarly, remove, retryRemoval, retryRepair, tellFreed,
  type DiskInput,
} from './setup.ts';

export const diskMachine = disk.createMachine({
  id: 'disk',
  description: 'Keeps the image and the target of one disk on one node, for all its paths here.',
  // XState runs this factory again, without input, at every transition: it must stay cheap and never throw.
  context: ({ input }: { input?: DiskInput }) => ({
    disk: input?.disk ?? '',
    settings: null,
    users: [],
    leaving: [],
    backing: null,
    tries: 0,
    trouble: null,
  }),
  initial: 'detached',
  on: {
    'disk.specified': { actions: 'noteSettings' },
    'disk.required': { guard: 'specified', actions: 'addUser' },
    'disk.unneeded': { actions: 'letGo' },
    'operator.add': {
      actions: {
        type: 'spec.create',
        params: ({ context, event }) => ({
          disk: context.disk,
          spec: event.spec,
          by: event.by,
          reason: event.reason,
        }),
      },
    },
    'operator.start': {
      actions: {
        type: 'spec.setDesired',
        params: ({ context, event }) => ({
          disk: context.disk,
          desired: 'started',
          by: event.by,
          reason: event.reason,
        }),
      },
    },
    'operator.stop': {
      actions: {
        type: 'spec.setDesired',
        params: ({ context, event }) => ({
          disk: context.disk,
          desired: 'stopped',
          by: event.by,
          reason: event.reason,
        }),
      },
    },
    'operator.remove': {
      actions: {
        type: 'spec.remove',
        params: ({ context, event }) => ({ disk: context.disk, by: event.by, reason: event.reason }),
      },
    },
  },
  states: {
    detached: {
      description: 'Nothing of the disk is on this node.',
      tags: ['idle', 'settled'],
      entry: 'tellLeavingFreed',
      always: { guard: 'isUsed', target: 'attaching' },
      on: {
        'disk.withdrawn': { actions: 'forgetSettings' },
        'target.leftover': { guard: 'specified', target: 'removing', actions: 'noteTrouble' },
        'disk.unneeded': { actions: tellFreed },
      },
    },
    attaching: {
      description: 'The image is being attached.',
      entry: attach,
      on: {
        'backstore.attached': { target: 'defining', actions: 'noteBacking' },
        'backstore.attachRefused': fail,
        'backstore.attachUnknown': fail,
        'disk.unneeded': letGoEarly,
      },
    },
    defining: {
      description: 'The target is being defined, closed.',
      entry: define,
      on: {
        'target.defined': { target: 'ready' },
        'target.defineRefused': fail,
        'target.defineUnknown': fail,
        'disk.unneeded': letGoEarly,
      },
    },
    ready: {
      description: 'Image and target are here for the paths of this node.',
      tags: ['serving', 'settled'],
      entry: ['noteReady', 'tellUsersReady'],
      always: { guard: ({ context }) => context.users.length === 0, target: 'removing' },
      on: {
        'disk.required': {
          actions: ['addUser', { type: 'path.tellReady', params: ({ event }) => ({ to: event.path }) }],
        },
        'disk.unneeded': letGo,
        'target.changed': { target: 'repairing', actions: 'noteTrouble' },
      },
    },
    repairing: {
      description: 'The target was changed by hand; it is being put right.',
      entry: define,
      on: {
        'target.defined': { target: 'ready', actions: 'tellUsersRepaired' },
        'target.defineRefused': retryRepair,
        'target.defineUnknown': retryRepair,
        'disk.unneeded': letGo,
      },
    },
    repairingAgain: {
      description: 'The target was changed by hand and is not right yet; it will be tried again shortly.',
      entry: ['countTry', armRetry],
      on: { 'retry.due': { target: 'repairing' }, 'disk.unneeded': letGo },
    },
    broken: {
      description: 'The target was changed by hand and cannot be put right here; its paths give it up.',
      tags: ['needsOperator'],
      entry: 'tellUsersLost',
      on: {
        'disk.unneeded': letGo,
        'disk.required': {
          actions: {
            type: 'path.tellFailed',
            params: ({ context, event }) => ({ to: event.path, reason: context.trouble ?? 'the disk is broken' }),
          },
        },
      },
    },
    failing: {
      description: 'The image or the target could not be made ready; the paths are told, and the rest is removed.',
      entry: 'tellUsersFailed',
      always: { target: 'removing' },
    },
    removing: {
      description: 'No path here needs the disk: the target is being removed.',
      entry: remove,
      on: {
        'target.removed': { target: 'detaching' },
        'target.removeRefused': retryRemoval,
        'target.removeUnknown': retryRemoval,
      },
    },
    detaching: {
      description: 'No path here needs the disk: the image is being detached.',
      entry: detach,
      on: {
        'backstore.detached': { target: 'detached' },
        'backstore.detachRefused': retryRemoval,
        'backstore.detachUnknown': retryRemoval,
      },
    },
    retrying: {
      description: 'The target or the image is not proven gone; it will be tried again shortly.',
      entry: ['countTry', armRetry],
      on: { 'retry.due': { target: 'removing' } },
    },
    stuck: {
      description: 'The target or the image will not go away. It is tried again and again; look at the node.',
      tags: ['needsOperator'],
      entry: ['countTry', armRetry],
      on: { 'retry.due': { target: 'removing' } },
    },
  },
});
