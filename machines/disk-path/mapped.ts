import { ask, diskPath } from './setup.ts';

const giveUp = { target: '#releasing', actions: ['noteTrouble', 'countFailure'] } as const;
/** What may be served already is not given up because an answer did not come. */
const doubt = [{ guard: 'wasOurs', target: 'lookingAgain', actions: 'noteTrouble' }, giveUp] as const;
const lookAgain = { target: 'lookingAgain', actions: 'noteTrouble' } as const;

/** Storage first, then the address, then the portal: nothing is announced before the portal answers. */
export const mapped = diskPath.createStateConfig({
  id: 'mapped',
  description: 'The path has its storage here and is not served yet.',
  tags: ['holding'],
  initial: 'preparing',
  on: {
    'lock.lost': { target: '#fenced', actions: 'noteTrouble' },
    'lease.lost': { target: '#fenced', actions: 'noteTrouble' },
    'path.unwanted': { target: '#releasing', actions: 'noteTrouble' },
    'disk.failed': giveUp,
    'disk.lost': giveUp,
  },
  states: {
    looking: {
      description: 'The lock was ours already; the node is read back to see whether the path is served here.',
      entry: ask.observe,
      always: { guard: 'mustGiveUp', target: '#releasing' },
      on: {
        'path.observed': [{ guard: 'isServed', target: 'adopting' }, { target: 'preparing', actions: 'noteNotServed' }],
        'path.observeRefused': lookAgain,
        'path.observeUnknown': lookAgain,
      },
    },
    lookingAgain: {
      description: 'The path may be served here, and that cannot be seen yet; the node is read back again shortly.',
      entry: ['countTry', ask.armRetry],
      on: { 'retry.due': { target: 'looking' } },
    },
    adopting: {
      description: 'The path is served here and the lock is ours: it is taken over as it is.',
      entry: ['forgetPreparation', ask.requireDisk, ask.armPrepare],
      exit: ask.cancelPrepare,
      on: {
        'disk.ready': { target: 'confirming', actions: 'noteDiskReady' },
        'prepare.due': { target: '#releasing', actions: ['noteNotReady', 'countFailure'] },
      },
    },
    preparing: {
      description:
        'The image and the target are being made ready, the network is asked whether the IP is free, ' +
        'and its packets are held back until the portal can answer.',
      entry: ['forgetPreparation', ask.requireDisk, ask.probe, ask.block, ask.armPrepare],
      exit: ask.cancelPrepare,
      always: [
        { guard: 'mustGiveUp', target: '#releasing' },
        { guard: 'isPrepared', target: 'addressing' },
      ],
      on: {
        'disk.ready': { actions: 'noteDiskReady' },
        'traffic.blocked': { actions: 'noteTrafficBlocked' },
        'traffic.blockRefused': giveUp,
        'traffic.blockUnknown': giveUp,
        'prepare.due': { target: '#releasing', actions: ['noteNotReady', 'countFailure'] },
        'address.probed': [
          { guard: 'isFree', actions: 'noteAddressFree' },
          { target: 'conflicted', actions: 'noteConflict' },
        ],
        'address.probeRefused': giveUp,
        'address.probeUnknown': giveUp,
      },
    },
    conflicted: {
      description: 'The IP already answers on the network from elsewhere: it is not claimed. Find out who has it.',
      tags: ['needsOperator'],
      entry: { type: 'timer.arm', params: { name: 'retry', ms: 2_000 } },
      on: { 'retry.due': { target: 'reprobing' } },
    },
    reprobing: {
      description: 'The IP answered from elsewhere; the network is asked again.',
      tags: ['needsOperator'],
      entry: ask.probe,
      on: {
        'address.probed': [
          { guard: 'isFree', target: 'preparing' },
          { target: 'conflicted', actions: 'noteConflict' },
        ],
        'address.probeRefused': { target: 'conflicted' },
        'address.probeUnknown': { target: 'conflicted' },
      },
    },
    addressing: {
      description: 'The IP is being put on its interface.',
      entry: ask.addAddress,
      on: {
        'address.added': { target: 'confirming' },
        'address.addRefused': giveUp,
        'address.addUnknown': giveUp,
      },
    },
    confirming: {
      description: 'The lock is checked once more before the portal opens.',
      entry: ask.confirm,
      on: {
        'lock.confirmed': { target: 'opening' },
        'lock.confirmRefused': { target: '#fenced', actions: 'noteTrouble' },
        'lock.confirmUnknown': doubt,
      },
    },
    opening: {
      description: 'The portal is being opened.',
      entry: ask.open,
      on: {
        'portal.opened': { target: 'unblocking' },
        'portal.openRefused': giveUp,
        'portal.openUnknown': doubt,
      },
    },
    unblocking: {
      description: 'The portal is open; packets of the IP are being let through.',
      entry: ask.unblock,
      on: {
        'traffic.unblocked': { target: '#enabled' },
        'traffic.unblockRefused': giveUp,
        'traffic.unblockUnknown': doubt,
      },
    },
  },
});

/** Served from here. */
export const enabled = diskPath.createStateConfig({
  id: 'enabled',
  description: 'The path is served from here.',
  tags: ['serving', 'settled', 'holding'],
  entry: ['noteServing', ask.announce],
  exit: ask.stopAnnouncing,
  on: {
    'path.unwanted': { target: '#releasing', actions: 'noteTrouble' },
    'lock.lost': { target: '#fenced', actions: 'noteTrouble' },
    'lease.lost': { target: '#fenced', actions: 'noteTrouble' },
    'dataplane.missing': giveUp,
    // Opening what is open changes nothing, and lets the target adapter know whose portal it is.
    'path.resumed': { actions: ask.open },
    'portal.openRefused': giveUp,
    // Nothing of what the journal says of it can be relied on: it is taken up as if it were found.
    'path.outdated': { target: '#unlocked', actions: 'noteTrouble' },
    'disk.repaired': { actions: ask.open },
    'disk.lost': giveUp,
  },
});
