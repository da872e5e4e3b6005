// This node in the cluster: its session, its record, and what happens when the session is lost.
import { assertEvent, assign, setup } from 'xstate';
import { intent } from '../intent.ts';
import { anew, anewWithoutSession, clearingStates, isRefusedThere } from './clearing.ts';
import type { NodeEvent } from './events.ts';
import { maintenance, operatorParams } from './operator.ts';
import { armRetryWithin } from './retry.ts';
import { startedAgain, startedWhileFencing, startOf } from './starting.ts';

export type NodeContext = {
  readonly instance: string;
  readonly bootId: string;
  /** The incarnation: every lock of this node is held by it. */
  readonly session: string | null;
  /** Consul index of our node record: a view older than this says nothing about our session. */
  readonly registeredAt: number;
  /** The first start since when Consul did not answer: the deadline counts from then, however often we start. */
  readonly unheardSinceMs: number | null;
  readonly tries: number;
  readonly trouble: string | null;
  /** Consul is away: the node serves on the word of these. */
  readonly vouchedBy?: readonly string[] | null;
  /** A storage can refuse this node: it is asked before a new session is opened. */
  readonly clears?: boolean;
  /** The storage was asked to take this node again, and nobody can say how that ended. */
  readonly removalInDoubt?: boolean;
};

const retryMinMs = 100;
const retryMaxMs = 5_000;

const node = setup({
  types: {
    context: {} as NodeContext,
    events: {} as NodeEvent,
    tags: {} as 'joined' | 'leased' | 'settled' | 'needsOperator',
  },
  actions: {
    'session.find': intent<{ session: string | null; instance: string; bootId: string }>(),
    'session.create': intent<Record<string, never>>(),
    'session.destroy': intent<{ session: string }>(),
    'node.register': intent<{ session: string; instance: string; bootId: string }>(),
    'node.announceLeaving': intent<{ session: string; instance: string; bootId: string }>(),
    'node.writeAsks': intent<{ session: string; instance: string; bootId: string }>(),
    'peer.endSession': intent<{ node: string; session: string }>(),
    'paths.fence': intent<{ reason: string }>(),
    'exclusion.prove': intent<{ session: string }>(),
    'drain.write': intent<{ node: string; by: string; reason: string }>(),
    'drain.remove': intent<{ node: string; by: string; reason: string }>(),
    'maintenance.write': intent<{ node: string | null; forMs: number | null; by: string; reason: string }>(),
    'maintenance.remove': intent<{ node: string | null; modifyIndex: number | null }>(),
    'exclusion.confirm': intent<{ node: string; by: string; reason: string }>(),
    'storage.look': intent<Record<string, never>>(),
    'storage.clear': intent<Record<string, never>>(),
    'timer.arm': intent<{ name: string; ms: number }>(),
    'timer.cancel': intent<{ name: string }>(),

    noteStart: assign(({ context, event }) => {
      assertEvent(event, 'node.started');
      return { ...startOf(context, event), unheardSinceMs: event.atMs ?? null };
    }),
    noteStartAgain: assign(({ context, event }) => (assertEvent(event, 'node.started'), startOf(context, event))),
    noteSession: assign(({ event }) => {
      assertEvent(event, ['session.found', 'session.created']);
      return { session: event.session, tries: 0, unheardSinceMs: null };
    }),
    forgetSession: assign({ session: null, registeredAt: 0, tries: 0, unheardSinceMs: null }),
    noteRegistered: assign(
      ({ event }) => (assertEvent(event, 'node.registered'), { registeredAt: event.modifyIndex }),
    ),
    noteTrouble: assign(({ event }) => ({ trouble: 'reason' in event ? event.reason : event.type })),
    noteVouched: assign(({ event }) => {
      assertEvent(event, 'failsafe.entered');
      return { vouchedBy: event.peers };
    }),
    noteUnvouched: assign(({ context }) => (context.vouchedBy === undefined ? {} : { vouchedBy: null })),
    noteUnheard: assign({ trouble: 'the daemon started twice, and Consul did not answer in between' }),
    noteJoined: assign({ trouble: null, tries: 0 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    doubtRemoval: assign({ removalInDoubt: true }),
    trustRemoval: assign({ removalInDoubt: false }),
  },
  guards: {
    isForeign: ({ event }) => 'code' in event && event.code === 'foreign',
    isGone: ({ event }) => 'code' in event && event.code === 'gone',
    hadSession: ({ context }) => context.session !== null,
    /** The clock of both starts is the same one: the lease of the first goes on. */
    countsOn: ({ context, event }) =>
      event.type === 'node.started' &&
      event.bootId === context.bootId &&
      typeof context.unheardSinceMs === 'number' &&
      (event.atMs ?? -1) >= context.unheardSinceMs,
    /** Records of 0.1 do not say it, and replay as they did. */
    saysWhen: ({ event }) => event.type === 'node.started' && event.atMs !== undefined,
    clears: ({ context }) => context.clears === true,
    isRemovalInDoubt: ({ context }) => context.removalInDoubt === true,
    isRefusedThere,
    isOurs: ({ context, event }) => event.type === 'session.orphaned' && event.session !== context.session,
  },
});

type Given = { readonly context: NodeContext };
const identity = ({ context }: Given) => ({
  session: context.session ?? '',
  instance: context.instance,
  bootId: context.bootId,
});
const sessionOf = ({ context }: Given) => ({ session: context.session ?? '' });
const find = {
  type: 'session.find',
  params: ({ context }: Given) => ({ session: context.session, instance: context.instance, bootId: context.bootId }),
} as const;
const register = { type: 'node.register', params: identity } as const;
const announceLeaving = { type: 'node.announceLeaving', params: identity } as const;
const destroy = { type: 'session.destroy', params: sessionOf } as const;
const prove = { type: 'exclusion.prove', params: sessionOf } as const;
const fencePaths = {
  type: 'paths.fence',
  params: ({ context }: Given) => ({ reason: context.trouble ?? 'the session is lost' }),
} as const;
const armRetry = armRetryWithin(retryMinMs, retryMaxMs);
const lost = { target: 'fencing', actions: ['noteTrouble', 'noteUnvouched'] } as const;
const failsafe = {
  'failsafe.entered': { actions: 'noteVouched' },
  'failsafe.left': { actions: 'noteUnvouched' },
} as const;
/** A step that asks once and, when refused or in doubt, waits and asks again. */
const retrying = (description: string, again: string) =>
  ({ description, entry: ['countTry', armRetry], on: { 'retry.due': { target: again } } }) as const;

export const nodeMachine = node.createMachine({
  id: 'node',
  description: 'Keeps the session of this node, and gives everything up in order when it is lost.',
  context: {
    instance: '',
    bootId: '',
    session: null,
    registeredAt: 0,
    unheardSinceMs: null,
    tries: 0,
    trouble: null,
  },
  initial: 'down',
  on: {
    'operator.drain': { actions: { type: 'drain.write', params: operatorParams } },
    'operator.undrain': { actions: { type: 'drain.remove', params: operatorParams } },
    'operator.confirmDown': { actions: { type: 'exclusion.confirm', params: operatorParams } },
    'operator.maintain': { actions: maintenance.write },
    'operator.endMaintenance': { actions: maintenance.remove },
    'maintenance.expired': { actions: maintenance.remove },
    // Every start of the daemon begins here, whatever the journal says we were doing.
    'node.started': { target: '.recovering', actions: 'noteStart' },
  },
  states: {
    down: { description: 'The daemon has not started yet.' },
    recovering: {
      description: 'The node looks for the session that it had before.',
      entry: find,
      on: {
        'session.found': { target: 'registering', actions: 'noteSession' },
        'session.findRefused': [
          { guard: 'isForeign', target: 'refused', actions: 'noteTrouble' },
          { guard: 'hadSession', target: 'fencing', actions: 'noteTrouble' },
          ...anew,
        ],
        'session.findUnknown': { target: 'recoveringAgain', actions: 'noteTrouble' },
        'lease.expired': lost,
        'node.started': startedAgain,
      },
    },
    recoveringAgain: {
      ...retrying(
        'Nobody can say yet whether our last session lives; the node asks again. ' +
          'Nothing served is touched before our deadline.',
        'recovering',
      ),
      on: { 'retry.due': { target: 'recovering' }, 'lease.expired': lost, 'node.started': startedAgain },
    },
    ...clearingStates,
    joining: {
      description: 'The node is opening a session.',
      entry: { type: 'session.create', params: {} },
      on: {
        'session.created': { target: 'registering', actions: 'noteSession' },
        'session.createRefused': { target: 'joiningAgain', actions: 'noteTrouble' },
        'session.createUnknown': { target: 'joiningAgain', actions: 'noteTrouble' },
        'node.leaveRequested': { target: 'left' },
      },
    },
    joiningAgain: {
      ...retrying('No session could be opened; the node tries again.', 'joining'),
      on: { 'retry.due': { target: 'joining' }, 'node.leaveRequested': { target: 'left' } },
    },
    registering: {
      description: 'The node is writing its record.',
      tags: ['leased'],
      entry: register,
      on: {
        'node.registered': { target: 'joined', actions: 'noteRegistered' },
        'node.registerRefused': [
          { guard: 'isForeign', target: 'refused', actions: 'noteTrouble' },
          { guard: 'isGone', target: 'fencing', actions: 'noteTrouble' },
          { target: 'registeringAgain', actions: 'noteTrouble' },
        ],
        'node.registerUnknown': { target: 'registeringAgain', actions: 'noteTrouble' },
        'session.lost': lost,
        'lease.expired': lost,
        'node.leaveRequested': { target: 'ending' },
      },
    },
    registeringAgain: {
      description: 'The node record could not be locked yet; it will be tried again.',
      tags: ['leased'],
      entry: ['countTry', armRetry],
      on: {
        'retry.due': { target: 'registering' },
        'session.lost': lost,
        'lease.expired': lost,
        'node.leaveRequested': { target: 'ending' },
      },
    },
    joined: {
      description: 'The node is part of the cluster and may serve.',
      tags: ['joined', 'leased', 'settled'],
      entry: 'noteJoined',
      on: {
        ...failsafe,
        'session.lost': lost,
        'lease.expired': lost,
        'peers.joined': { actions: { type: 'node.writeAsks', params: identity } },
        'peer.missed': {
          actions: { type: 'peer.endSession', params: ({ event: { node, session } }) => ({ node, session }) },
        },
        'session.orphaned': {
          guard: 'isOurs',
          actions: { type: 'exclusion.prove', params: ({ event }) => ({ session: event.session }) },
        },
        'node.leaveRequested': { target: 'leaving' },
      },
    },
    leaving: {
      description: 'The node is giving up its paths before it stops.',
      tags: ['leased'],
      entry: announceLeaving,
      on: { ...failsafe, 'session.lost': lost, 'lease.expired': lost, 'node.emptied': { target: 'ending' } },
    },
    ending: {
      description: 'Nothing is served here; the session is being ended.',
      entry: destroy,
      on: {
        'session.destroyed': { target: 'left', actions: 'forgetSession' },
        'session.destroyRefused': { target: 'left', actions: 'forgetSession' },
        'session.destroyUnknown': { target: 'left' },
      },
    },
    left: { description: 'The node has left the cluster.', tags: ['settled'] },
    fencing: {
      description: 'The session is lost: every path here is being torn down.',
      entry: [fencePaths, prove],
      on: {
        'exclusion.provenHere': { target: 'closing' },
        'exclusion.proveRefused': { target: 'fencingAgain', actions: 'noteTrouble' },
        'exclusion.proveUnknown': { target: 'fencingAgain', actions: 'noteTrouble' },
        'node.started': startedWhileFencing,
      },
    },
    fencingAgain: {
      description: 'The session is lost, and it is not yet proven and published that nothing is served here.',
      entry: ['countTry', armRetry],
      on: { 'retry.due': { target: 'fencing' }, 'node.started': startedWhileFencing },
    },
    closing: {
      description: 'Nothing is served here, and that is published; what is left of the lost session is being ended.',
      entry: destroy,
      on: {
        'session.destroyed': anewWithoutSession,
        'session.destroyRefused': anewWithoutSession,
        'session.destroyUnknown': { target: 'closingAgain', actions: 'noteTrouble' },
      },
    },
    closingAgain: retrying('Nobody can say whether the lost session has ended; it will be tried again.', 'closing'),
    refused: {
      description: 'Another daemon runs under the name of this node. This one serves nothing and stops.',
      tags: ['needsOperator'],
    },
  },
});
