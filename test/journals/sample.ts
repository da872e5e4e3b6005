// A machine that was changed in a way that alters replay: what such a change looks like.
import { assign, setup } from 'xstate';
import { intent, type IntentTable, type Json } from '../../machines/intent.ts';
import type { FormerMachine } from '../../machines/former.ts';
import { define, type Kinds } from '../../src/core/definition.ts';

type Event =
  | { readonly type: 'job.asked'; readonly job: string }
  | { readonly type: 'job.done' }
  | { readonly type: 'job.doRefused'; readonly reason: string };
type Old = { readonly job: string; readonly done: number };

const table = (name: string): IntentTable => ({
  [name]: { answer: { by: 'outcome', done: 'job.done' }, lane: 'job', serves: false, abortable: false, about: 'do it' },
});

const before = setup({
  types: { context: {} as Old, events: {} as Event },
  actions: {
    'job.do': intent<{ job: string }>(),
    note: assign(({ context, event }) => ({ job: event.type === 'job.asked' ? event.job : context.job })),
    count: assign(({ context }) => ({ done: context.done + 1 })),
  },
});

/** Version 1: one job at a time, and one that is refused is forgotten. */
const version1: FormerMachine = {
  version: 1,
  intents: table('job.do'),
  machine: before.createMachine({
    context: { job: '', done: 0 },
    initial: 'idle',
    states: {
      idle: { on: { 'job.asked': { target: 'busy', actions: 'note' } } },
      busy: {
        entry: { type: 'job.do', params: ({ context }) => ({ job: context.job }) },
        on: { 'job.done': { target: 'idle', actions: 'count' }, 'job.doRefused': 'idle' },
      },
    },
  }),
  upcaster: {
    snapshot: ({ value, context }) => ({
      value: value === 'busy' ? 'working' : value,
      context: { job: context['job'] ?? '', done: context['done'] ?? 0, refused: 0 },
    }),
    intent: ({ params }) => ({ type: 'job.start', params: { ...params, tries: 1 } }),
  },
};

type New = Old & { readonly refused: number };
const after = setup({
  types: { context: {} as New, events: {} as Event },
  actions: {
    'job.start': intent<{ job: string; tries: number }>(),
    note: assign(({ context, event }) => ({ job: event.type === 'job.asked' ? event.job : context.job, refused: 0 })),
    count: assign(({ context }) => ({ done: context.done + 1 })),
    refuse: assign(({ context }) => ({ refused: context.refused + 1 })),
  },
  guards: { isHopeless: ({ context }) => context.refused > 0 },
});

/** Version 2: another name for a state and an intent, a new field, and a second try. */
const machine = after.createMachine({
  context: { job: '', done: 0, refused: 0 },
  initial: 'idle',
  states: {
    idle: { on: { 'job.asked': { target: 'working', actions: 'note' } } },
    working: {
      entry: { type: 'job.start', params: ({ context }) => ({ job: context.job, tries: context.refused + 1 }) },
      on: {
        'job.done': { target: 'idle', actions: 'count' },
        'job.doRefused': [
          { guard: 'isHopeless', target: 'idle' },
          { target: 'working', reenter: true, actions: 'refuse' },
        ],
      },
    },
  },
});

const kindsOf = (definition: ReturnType<typeof define>): Kinds => (id) =>
  id.startsWith('worker/') ? { definition, input: undefined } : undefined;

/** The program before the change, after it, and after it without what it was before. */
export const kinds = {
  before: kindsOf(define('worker', { version: 1, machine: version1.machine, intents: version1.intents })),
  after: kindsOf(define('worker', { version: 2, machine, intents: table('job.start'), former: [version1] })),
  withoutFormer: kindsOf(define('worker', { version: 2, machine, intents: table('job.start') })),
};

export const events: readonly (Event & { readonly [key: string]: Json })[] = [
  { type: 'job.asked', job: 'paint' },
  { type: 'job.done' },
  { type: 'job.asked', job: 'sweep' },
  { type: 'job.doRefused', reason: 'no broom' },
  { type: 'job.asked', job: 'mow' },
];
