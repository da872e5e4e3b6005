import { and } from 'xstate';
import { ask, diskPath } from './setup.ts';

const granted = [
  // What was ours already may be served here, whether this journal knows of it or not.
  { guard: and(['mustGiveUp', 'wasOurs']), target: '#releasing', actions: 'noteGrant' },
  { guard: 'mustGiveUp', target: '#releasing.unlocking', actions: 'noteGrant' },
  { guard: 'needsProof', target: 'proving', actions: 'noteGrant' },
  { guard: 'wasOurs', target: '#mapped.looking', actions: 'noteGrant' },
  { target: '#mapped', actions: 'noteGrant' },
] as const;

/** Claim the lock, then see the last owner proven unable to write. Nothing local is touched before that. */
export const locking = diskPath.createStateConfig({
  id: 'locking',
  description: 'The path is being claimed.',
  initial: 'acquiring',
  on: {
    'lease.lost': { target: '#unlocked', actions: 'noteTrouble' },
    'lock.lost': { target: '#unlocked', actions: 'noteTrouble' },
    // Serving without right comes first; a lock that we may hold is taken up again afterwards.
    'dataplane.leftover': { target: '#fenced', actions: 'noteTrouble' },
    'path.offered': { actions: 'noteOffer' },
  },
  states: {
    acquiring: {
      description: 'The path is being claimed: the lock was asked for.',
      entry: ask.acquire,
      on: {
        'lock.granted': granted,
        'lock.acquireRefused': [
          { guard: 'mustGiveUp', target: '#unlocked' },
          { guard: 'isDelayed', target: 'backingOff', actions: 'noteTrouble' },
          { target: '#unlocked', actions: 'noteTrouble' },
        ],
        'lock.acquireUnknown': { target: 'doubting', actions: 'noteTrouble' },
        // The lock may be ours already: its answer is waited for.
        'path.unwanted': { actions: 'noteGiveUp' },
      },
    },
    backingOff: {
      description: 'The path is free, but Consul holds its lock back after the last owner was lost.',
      entry: ['countTry', ask.armRetry],
      on: {
        'retry.due': { target: 'acquiring' },
        'path.notOffered': { target: '#unlocked', actions: ask.cancelRetry },
        'path.unwanted': { target: '#unlocked', actions: ask.cancelRetry },
      },
    },
    doubting: {
      description: 'The lock was asked for and nobody can say whether we got it.',
      entry: ['countTry', ask.armRetry],
      on: {
        'retry.due': { target: 'reading' },
        'path.unwanted': { actions: 'noteGiveUp' },
      },
    },
    reading: {
      description: 'The lock is being read to see whether it is ours after all.',
      entry: ask.readLock,
      on: {
        'lock.observed': [{ guard: ({ event }) => !event.mine, target: '#unlocked' }, ...granted],
        'lock.readRefused': { target: 'doubting', actions: 'noteTrouble' },
        'lock.readUnknown': { target: 'doubting', actions: 'noteTrouble' },
        'path.unwanted': { actions: 'noteGiveUp' },
      },
    },
    proving: {
      description: 'The lock is ours; the last owner is not yet proven unable to write.',
      tags: ['holding'],
      initial: 'waiting',
      on: {
        'exclusion.proven': { guard: 'isOurEvidence', target: 'clearing' },
        'path.unwanted': { target: '#releasing.unlocking', actions: 'noteTrouble' },
      },
      states: {
        waiting: {
          description: 'The lock is ours; the last owner is not yet proven unable to write.',
          on: { 'exclusion.failed': { guard: 'isOurEvidence', target: 'stuck', actions: 'noteTrouble' } },
        },
        stuck: {
          description:
            'The lock is ours, but no method could prove that the last owner cannot write. ' +
            'Make sure that it is off, then confirm it: pathwarden node confirm-down.',
          tags: ['needsOperator'],
        },
      },
    },
    clearing: {
      description: 'The last owner is proven unable to write; the evidence is being cleared.',
      tags: ['holding'],
      entry: ask.clear,
      on: {
        'lock.cleared': { target: '#mapped', actions: 'noteProof' },
        'lock.clearRefused': { target: '#unlocked', actions: 'noteTrouble' },
        'lock.clearUnknown': { target: 'clearingAgain', actions: 'noteTrouble' },
        'path.unwanted': { actions: 'noteGiveUp' },
      },
    },
    clearingAgain: {
      description: 'Nobody can say whether the evidence was cleared; it will be tried again.',
      tags: ['holding'],
      entry: ['countTry', ask.armRetry],
      on: {
        'retry.due': { target: 'clearing' },
        'path.unwanted': { target: '#releasing.unlocking', actions: ['noteTrouble', ask.cancelRetry] },
      },
    },
  },
});
