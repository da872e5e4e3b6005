// Context, guards, assignments and the typed vocabulary of the disk machine.
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

export const disk = setup({
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
    'path.tellRepaired': intent<{ to: string }>(),
    'path.tellLost': intent<{ to: string; reason: string }>(),
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
    tellUsersRepaired: enqueueActions(({ context, enqueue }) => {
      for (const to of context.users) enqueue({ type: 'path.tellRepaired', params: { to } });
    }),
    tellUsersLost: enqueueActions(({ context, enqueue }) => {
      const reason = context.trouble ?? 'the disk cannot be repaired';
      for (const to of context.users) enqueue({ type: 'path.tellLost', params: { to, reason } });
    }),
    forgetUser: assign(({ context, event }) => {
      assertEvent(event, 'disk.unneeded');
      return { users: without(context.users, event.path) };
    }),
    tellLeavingFreed: enqueueActions(({ context, enqueue }) => {
      for (const to of context.leaving) enqueue({ type: 'path.tellFreed', params: { to } });
      enqueue.assign({ leaving: [], backing: null, tries: 0 });
    }),
  },
  guards: {
    specified: ({ context }) => context.settings !== null,
    isUsedByOthers: ({ context, event }) => {
      assertEvent(event, 'disk.unneeded');
      return without(context.users, event.path).length > 0;
    },
    isUsed: ({ context }) => context.users.length > 0,
    isStuck: ({ context }) => context.tries >= triesBeforeOperator,
  },
});

type Given = { readonly context: DiskContext };
export const attach = {
  type: 'backstore.attach',
  params: ({ context }: Given) => ({ disk: context.disk, backstore: context.settings?.backstore ?? null }),
} as const;
export const detach = { ...attach, type: 'backstore.detach' } as const;
export const define = {
  type: 'target.define',
  params: ({ context }: Given) => ({
    disk: context.disk,
    iqn: context.settings?.iqn ?? '',
    wwn: context.settings?.wwn ?? '',
    access: context.settings?.access ?? null,
    backing: context.backing,
  }),
} as const;
export const remove = {
  type: 'target.remove',
  params: ({ context }: Given) => ({ disk: context.disk, iqn: context.settings?.iqn ?? '' }),
} as const;
export const armRetry = {
  type: 'timer.arm',
  params: ({ context }: Given) => ({ name: 'retry', ms: Math.min(retryMinMs * 2 ** context.tries, retryMaxMs) }),
} as const;
export const tellFreed = {
  type: 'path.tellFreed',
  params: ({ event }: { event: DiskEvent }) => ({ to: 'path' in event ? event.path : '' }),
} as const;
export const fail = { target: 'failing', actions: 'noteTrouble' } as const;
/** While the disk is being made ready for others: nothing of it is here for the one who lets go. */
export const letGoEarly = [
  { guard: 'isUsedByOthers', actions: ['forgetUser', tellFreed] },
  { actions: 'letGo' },
] as const;
export const letGo = [
  { guard: 'isUsedByOthers', actions: ['forgetUser', tellFreed] },
  { target: 'removing', actions: 'letGo' },
] as const;
export const retryRepair = [
  { guard: 'isStuck', target: 'broken', actions: 'noteTrouble' },
  { target: 'repairingAgain', actions: 'noteTrouble' },
] as const;
export const retryRemoval = [
  { guard: 'isStuck', target: 'stuck', actions: 'noteTrouble' },
  { target: 'retrying', actions: 'noteTrouble' },
] as const;
