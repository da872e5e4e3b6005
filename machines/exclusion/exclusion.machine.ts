// The exclusion of one lost incarnation of a node: done once, by one node, for all its paths.
import { assertEvent, assign, setup } from 'xstate';
import { intent } from '../intent.ts';
import type { ExclusionEvent, Method } from './events.ts';

export type ExclusionContext = {
  readonly session: string;
  readonly node: string;
  readonly methods: readonly Method[];
  /** Position of the method that is being tried. */
  readonly position: number;
  readonly evidence: string;
  readonly trouble: string | null;
};

export type ExclusionInput = { readonly session: string };

const tryAgainMs = 10_000;
const publishAgainMs = 500;

const exclusion = setup({
  types: {
    context: {} as ExclusionContext,
    events: {} as ExclusionEvent,
    input: {} as ExclusionInput,
    tags: {} as 'idle' | 'settled' | 'needsOperator',
  },
  actions: {
    'fence.run': intent<{ node: string; session: string; position: number }>(),
    'exclusion.publish': intent<{
      session: string;
      node: string;
      state: 'proven' | 'failed';
      method: string;
      evidence: string;
    }>(),
    'timer.arm': intent<{ name: string; ms: number }>(),
    'timer.cancel': intent<{ name: string }>(),

    noteVictim: assign(({ event }) => {
      assertEvent(event, 'exclusion.wanted');
      return { node: event.node, methods: event.methods, position: 0, trouble: null };
    }),
    noteEvidence: assign(({ event }) => (assertEvent(event, 'fence.proven'), { evidence: event.evidence })),
    noteBoundPassed: assign(({ context }) => {
      const boundMs = methodOf(context)?.method === 'leaseBound' ? waitOf(context) : 0;
      return { evidence: `the node's own deadline of ${String(boundMs)} ms has passed` };
    }),
    noteTrouble: assign(({ event }) => ({ trouble: 'reason' in event ? event.reason : event.type })),
    nextMethod: assign({ position: ({ context }) => context.position + 1 }),
    firstMethod: assign({ position: 0 }),
  },
  guards: {
    waits: ({ context }) => ['self', 'leaseBound'].includes(methodOf(context)?.method ?? ''),
    runs: ({ context }) => positionOf(context) !== null,
    isMaintenance: ({ event }) => 'code' in event && event.code === 'maintenance',
    isBound: ({ context }) => methodOf(context)?.method === 'leaseBound',
  },
});

const methodOf = (context: ExclusionContext): Method | undefined => context.methods[context.position];

/** Of a method that runs a program; null for those that wait. */
function positionOf(context: ExclusionContext): number | null {
  const method = methodOf(context);
  return method !== undefined && 'position' in method ? method.position : null;
}

function waitOf(context: ExclusionContext): number {
  const method = methodOf(context);
  if (method?.method === 'self') return method.waitMs;
  return method?.method === 'leaseBound' ? method.boundMs : 0;
}

type Given = { readonly context: ExclusionContext };
const armWait = {
  type: 'timer.arm',
  params: ({ context }: Given) => ({ name: 'wait', ms: waitOf(context) }),
} as const;
const cancelWait = { type: 'timer.cancel', params: { name: 'wait' } } as const;
const fence = {
  type: 'fence.run',
  params: ({ context }: Given) => ({
    node: context.node,
    session: context.session,
    position: positionOf(context) ?? 0,
  }),
} as const;
const publish = (state: 'proven' | 'failed') =>
  ({
    type: 'exclusion.publish',
    params: ({ context }: Given) => ({
      session: context.session,
      node: context.node,
      state,
      method: methodOf(context)?.method ?? 'none',
      evidence: state === 'proven' ? context.evidence : (context.trouble ?? 'no method is configured'),
    }),
  }) as const;
const next = { target: 'choosing', actions: ['noteTrouble', 'nextMethod'] } as const;

export const exclusionMachine = exclusion.createMachine({
  id: 'exclusion',
  description: 'Proves that one lost incarnation of a node can no longer write.',
  // XState runs this factory again, without input, at every transition: it must stay cheap and never throw.
  context: ({ input }: { input?: ExclusionInput }) => ({
    session: input?.session ?? '',
    node: '',
    methods: [],
    position: 0,
    evidence: '',
    trouble: null,
  }),
  initial: 'watching',
  on: {
    'exclusion.proven': { target: '.proven' },
    'exclusion.notElected': { target: '.watching' },
  },
  states: {
    watching: {
      description: 'Another node proves this exclusion, or nobody has to.',
      tags: ['idle'],
      on: { 'exclusion.wanted': { target: 'choosing', actions: 'noteVictim' } },
    },
    choosing: {
      description: 'The next method is being chosen.',
      always: [{ guard: 'waits', target: 'waiting' }, { guard: 'runs', target: 'fencing' }, { target: 'failing' }],
    },
    waiting: {
      description: 'The lost node is given time to prove its own teardown, or to reach its own deadline.',
      entry: armWait,
      exit: cancelWait,
      on: {
        'wait.due': [{ guard: 'isBound', target: 'publishing', actions: 'noteBoundPassed' }, next],
      },
    },
    fencing: {
      description: 'A fence command or agent runs against the lost node.',
      entry: fence,
      on: {
        'fence.proven': { target: 'publishing', actions: 'noteEvidence' },
        'fence.runRefused': [{ guard: 'isMaintenance', target: 'paused', actions: 'noteTrouble' }, next],
        'fence.runUnknown': next,
      },
    },
    paused: {
      description: 'Maintenance: no fence command is begun. It goes on by itself when the maintenance ends.',
      tags: ['settled'],
      on: { 'exclusion.wanted': { target: 'choosing', actions: 'noteVictim' } },
    },
    publishing: {
      description: 'The exclusion is proven; the proof is being published.',
      entry: publish('proven'),
      on: {
        'exclusion.published': { target: 'published' },
        'exclusion.publishRefused': { target: 'publishingAgain', actions: 'noteTrouble' },
        'exclusion.publishUnknown': { target: 'publishingAgain', actions: 'noteTrouble' },
      },
    },
    publishingAgain: {
      description: 'The exclusion is proven, and the proof could not be published yet.',
      entry: { type: 'timer.arm', params: { name: 'retry', ms: publishAgainMs } },
      on: { 'retry.due': { target: 'publishing' } },
    },
    published: { description: 'The proof was published.', tags: ['settled'] },
    failing: {
      description:
        'No method could prove that the node cannot write. Its paths wait. ' +
        'Make sure that it is off, then confirm it: pathwarden node confirm-down.',
      tags: ['needsOperator'],
      entry: [publish('failed'), { type: 'timer.arm', params: { name: 'retry', ms: tryAgainMs } }],
      on: { 'retry.due': { target: 'choosing', actions: 'firstMethod' } },
    },
    proven: { description: 'The lost incarnation is proven unable to write.', tags: ['idle', 'settled'] },
  },
});
