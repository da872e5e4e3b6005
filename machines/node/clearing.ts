// Before a new session: does the storage refuse this node, and may it be told that nothing of the lost one is left?
import { armRetryWithin } from './retry.ts';

type Seen = { readonly event: { readonly type: string; readonly refused?: readonly string[] } };

const retryMinMs = 500;
const retryMaxMs = 10_000;
/** What a killed command has sent already, a kernel may go on sending for about 100 s. */
const settleMs = 120_000;

const armRetry = armRetryWithin(retryMinMs, retryMaxMs);
const waiting = { 'retry.due': { target: 'checking' }, 'node.leaveRequested': { target: 'left' } } as const;
const unread = { target: 'checkingAgain', actions: 'noteTrouble' } as const;

/** Where a node without a session goes on: whoever is fenced by storage looks there first. */
export const anew = [{ guard: 'clears', target: 'checking' }, { target: 'joining' }] as const;
export const anewWithoutSession = [
  { guard: 'clears', target: 'checking', actions: 'forgetSession' },
  { target: 'joining', actions: 'forgetSession' },
] as const;

/** It stands in the answer of `storage.look`. */
export const isRefusedThere = ({ event }: Seen): boolean => (event.refused ?? []).length > 0;

export const clearingStates = {
  checking: {
    description: 'Before it joins, the node asks whether the storage refuses it.',
    entry: { type: 'storage.look', params: {} },
    on: {
      'storage.seen': [
        { guard: 'isRemovalInDoubt', target: 'settling' },
        { guard: 'isRefusedThere', target: 'clearing' },
        { target: 'joining' },
      ],
      'storage.lookRefused': unread,
      'storage.lookUnknown': unread,
      'node.leaveRequested': { target: 'left' },
    },
  },
  checkingAgain: {
    description: 'Nobody can say yet whether the storage refuses this node. It serves nothing, and asks again.',
    entry: ['countTry', armRetry],
    on: waiting,
  },
  clearing: {
    description: 'The storage refuses this node. Once nothing of a lost session is left here, it is told otherwise.',
    // A daemon that dies now leaves a command behind of which nobody will hear the end.
    entry: ['doubtRemoval', { type: 'storage.clear', params: {} }],
    on: {
      'storage.cleared': { target: 'checking', actions: 'trustRemoval' },
      'storage.clearRefused': { target: 'clearingAgain', actions: ['noteTrouble', 'trustRemoval'] },
      'storage.clearUnknown': { target: 'settling', actions: 'noteTrouble' },
    },
  },
  clearingAgain: {
    description: 'The storage refuses this node, and may not or cannot be told otherwise yet. It serves nothing, and ' +
      'tries again. Its trouble says what is in the way.',
    entry: ['countTry', armRetry],
    on: waiting,
  },
  settling: {
    description: 'Whether the storage was told to take this node again is in doubt, and a late command would undo ' +
      'the next fence. The node serves nothing until that cannot be any more, and then looks again.',
    entry: { type: 'timer.arm', params: { name: 'settle', ms: settleMs } },
    on: {
      'settle.due': { target: 'checking', actions: 'trustRemoval' },
      'node.leaveRequested': { target: 'left' },
    },
  },
} as const;
