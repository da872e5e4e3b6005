import { ask, diskPath } from './setup.ts';

const notProven = [
  { guard: 'isStuck', target: 'stuck', actions: 'noteTrouble' },
  { target: 'retrying', actions: 'noteTrouble' },
] as const;

/**
 * Close, remove, read back, and only then let go of the storage. A step that fails does not stop the next one:
 * whatever can be taken away is taken away, and reading back decides.
 */
const steps = (afterFreeing: string, last: string) =>
  diskPath.createStateConfig({
    states: {
      blocking: {
        description: 'Packets of the IP are being held back, so that initiators see silence and not errors.',
        entry: ask.block,
        on: {
          'traffic.blocked': { target: 'closing' },
          'traffic.blockRefused': { target: 'closing', actions: 'noteTrouble' },
          'traffic.blockUnknown': { target: 'closing', actions: 'noteTrouble' },
        },
      },
      closing: {
        description: 'The portal is being closed and its commands are ending.',
        entry: ask.close,
        on: {
          'portal.closed': { target: 'removing' },
          'portal.closeRefused': { target: 'removing', actions: 'noteTrouble' },
          'portal.closeUnknown': { target: 'removing', actions: 'noteTrouble' },
        },
      },
      removing: {
        description: 'The IP is being taken off the node.',
        entry: ask.removeAddress,
        on: {
          'address.removed': { target: 'verifying' },
          'address.removeRefused': { target: 'verifying', actions: 'noteTrouble' },
          'address.removeUnknown': { target: 'verifying', actions: 'noteTrouble' },
        },
      },
      verifying: {
        description: 'The node is read back: are IP and portal really gone?',
        entry: ask.observe,
        on: {
          'path.observed': [
            { guard: 'isGone', target: 'freeing' },
            { guard: 'isStuck', target: 'stuck', actions: 'noteLeftBehind' },
            { target: 'retrying', actions: 'noteLeftBehind' },
          ],
          'path.observeRefused': notProven,
          'path.observeUnknown': notProven,
        },
      },
      retrying: {
        description: 'The IP or the portal is not proven gone; it will be tried again shortly.',
        entry: ['countTry', ask.armRetry],
        on: { 'retry.due': { target: 'blocking' } },
      },
      stuck: {
        description: 'The IP or the portal will not go away. It is tried again and again; look at the node.',
        tags: ['needsOperator'],
        entry: ['countTry', ask.armRetry],
        on: { 'retry.due': { target: 'blocking' } },
      },
      freeing: {
        description: 'IP and portal are gone; target and image go when no other path here needs them.',
        entry: ask.unneedDisk,
        on: { 'disk.freed': { target: afterFreeing } },
      },
      unblocking: {
        description: 'Everything of the path is gone; the packet filter is being cleaned up.',
        entry: ask.unblock,
        on: {
          'traffic.unblocked': { target: last },
          'traffic.unblockRefused': { target: last, actions: 'noteTrouble' },
          'traffic.unblockUnknown': { target: last, actions: 'noteTrouble' },
        },
      },
    },
  }).states;

/** Given up in order; the lock goes last. */
export const releasing = diskPath.createStateConfig({
  id: 'releasing',
  description: 'The path is being given up in order.',
  tags: ['holding'],
  initial: 'blocking',
  entry: 'forgetTries',
  on: {
    'lock.lost': { target: '#fenced', actions: 'noteTrouble' },
    'lease.lost': { target: '#fenced', actions: 'noteTrouble' },
  },
  states: {
    ...steps('unlocking', '#unlocked'),
    unlocking: {
      description: 'Everything here is gone; the lock is being given back.',
      entry: ask.release,
      on: {
        'lock.released': { target: 'unblocking', actions: 'noteReleased' },
        'lock.releaseRefused': { target: 'unblocking', actions: ['noteTrouble', 'noteReleased'] },
        'lock.releaseUnknown': { target: 'unlockingAgain', actions: 'noteTrouble' },
      },
    },
    unlockingAgain: {
      description: 'Nobody can say whether the lock was given back; it will be tried again.',
      entry: ['countTry', ask.armRetry],
      on: { 'retry.due': { target: 'unlocking' } },
    },
  },
});

/** Authority is lost: the same teardown, with no lock to write and nobody waited for. */
export const fenced = diskPath.createStateConfig({
  id: 'fenced',
  description: 'The path lost its authority here; everything local is being torn down.',
  initial: 'blocking',
  entry: 'forgetTries',
  states: steps('unblocking', '#unlocked'),
});
