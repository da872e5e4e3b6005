// One disk on one node: the image and the target that its paths here share.
import { assertEvent, assign, enqueueActions, setup } from 'xstate';
import { intent, type Json } from '../intent.ts';
import type { DiskEvent, DiskSettings } from './events.ts';

export type DiskContext = {
  readonly disk: string;
  readonly settings: DiskSettings | null;
  /** Ids of the path actors that use the disk or wait for it. */
  readonly users: readonly string[];
  /** Ids of the path actors that wait to hear that nothing of the disk is left here. */
  readonly leaving: readonly string[];
  readonly backing: Json;
  readonly tries: number;
  readonly trouble: string | null;
};

export type DiskInput = { readonly disk: string };

const retryMinMs = 100;
const retryMaxMs = 5_000;
const triesBeforeOperator = 5;

const without = (list: readonly string[], id: string) => list.filter((entry) => entry !== id);
const withId = (list: readonly string[], id: string) => [...without(list, id), id];

const disk = setup({
  types: {
    context: {} as DiskContext,
    events: {} as DiskEvent,
    input: {} as DiskInput,
    tags: {} as 'idle' | 'serving' | 'settled' | 'needsOperator',
  },
  actions: {
    'backstore.attach': intent<{ disk: string; backstore: Json }>(),
    'backstore.detach': intent<{ disk: string; backstore: Json }>(),
    'target.define': intent<{ disk: string; iqn: string; wwn: string; access: Json; backing: Json }>(),
    'target.remove': intent<{ disk: string; iqn: string }>(),
    'path.tellReady': intent<{ to: string }>(),
    'path.tellFailed': intent<{ to: string; reason: string }>(),
    'path.tellFreed': intent<{ to: string }>(),
    'spec.create': intent<{ disk: string; spec: Json; by: string; reason: string }>(),
    'spec.setDesired': intent<{ disk: string; desired: 'started' | 'stopped'; by: string; reason: string }>(),
    'spec.remove': intent<{ disk: string; by: string; reason: string }>(),
    'timer.arm': intent<{ name: string; ms: number }>(),
    'timer.cancel': intent<{ name: string }>(),

    noteSettings: assign(({ event }) => (assertEvent(event, 'disk.specified'), { settings: event.settings })),
    forgetSettings: assign({ settings: null }),
    addUser: assign(({ context, event }) => {
      assertEvent(event, 'disk.required');
      return { users: withId(context.users, event.path), leaving: without(context.leaving, event.path) };
    }),
    letGo: assign(({ context, event }) => {
      assertEvent(event, 'disk.unneeded');
      return { users: without(context.users, event.path), leaving: withId(context.leaving, event.path) };
    }),
    noteBacking: assign(
      ({ event }) => (assertEvent(event, 'backstore.attached'), { backing: event.backing, tries: 0 }),
    ),
    noteTrouble: assign(({ event }) => ({ trouble: 'reason' in event ? event.reason : event.type })),
    noteReady: assign({ trouble: null, tries: 0 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    forgetTries: assign({ tries: 0 }),
    tellUsersReady: enqueueActions(({ context, enqueue }) => {
      for (const to of context.users) enqueue({ type: 'path.tellReady', params: { to } });
    }),
    tellUsersFailed: enqueueActions(({ context, enqueue }) => {
      const reason = context.trouble ?? 'the disk failed';
      for (const to of context.users) enqueue({ type: 'path.tellFailed', params: { to, reason } });
      enqueue.assign({ users: [] });
    }),
    tellLeavingFreed: enqueueActions(({ context, enqueue }) => {
      for (const to of context.leaving) enqueue({ type: 'path.tellFreed', params: { to } });
      enqueue.assign({ leaving: [], backing: null, tries: 0 });
    }),
  },
  guards: {
    specified: ({ context }) => context.settings !== null,
    isUsed: ({ context }) => context.users.length > 0,
    isStuck: ({ context }) => context.tries >= triesBeforeOperator,
  },
});

type Given = { readonly context: DiskContext };
const attach = {
  type: 'backstore.attach',
  params: ({ context }: Given) => ({ disk: context.disk, backstore: context.settings?.backstore ?? null }),
} as const;
const detach = { ...attach, type: 'backstore.detach' } as const;
const define = {
  type: 'target.define',
  params: ({ context }: Given) => ({
    disk: context.disk,
    iqn: context.settings?.iqn ?? '',
    wwn: context.settings?.wwn ?? '',
    access: context.settings?.access ?? null,
    backing: context.backing,
  }),
} as const;
const remove = {
  type: 'target.remove',
  params: ({ context }: Given) => ({ disk: context.disk, iqn: context.settings?.iqn ?? '' }),
} as const;
const armRetry = {
  type: 'timer.arm',
  params: ({ context }: Given) => ({ name: 'retry', ms: Math.min(retryMinMs * 2 ** context.tries, retryMaxMs) }),
} as const;
const tellFreed = {
  type: 'path.tellFreed',
  params: ({ event }: { event: DiskEvent }) => ({ to: 'path' in event ? event.path : '' }),
} as const;
const fail = { target: 'failing', actions: 'noteTrouble' } as const;
const retryRemoval = [
  { guard: 'isStuck', target: 'stuck', actions: 'noteTrouble' },
  { target: 'retrying', actions: 'noteTrouble' },
] as const;

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
      },
    },
    defining: {
      description: 'The target is being defined, closed.',
      entry: define,
      on: {
        'target.defined': { target: 'ready' },
        'target.defineRefused': fail,
        'target.defineUnknown': fail,
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
        'disk.unneeded': [
          {
            guard: ({ context, event }) => without(context.users, event.path).length > 0,
            actions: [assign(({ context, event }) => ({ users: without(context.users, event.path) })), tellFreed],
          },
          { target: 'removing', actions: 'letGo' },
        ],
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
