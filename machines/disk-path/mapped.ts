import { ask, diskPath } from './setup.ts';

const giveUp = { target: '#releasing', actions: ['noteTrouble', 'countFailure'] } as const;

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
  },
  states: {
    preparing: {
      description: 'The image and the target are being made ready, and the network is asked whether the IP is free.',
      entry: ['forgetPreparation', ask.requireDisk, ask.probe, ask.armPrepare],
      exit: ask.cancelPrepare,
      always: [
        { guard: 'mustGiveUp', target: '#releasing' },
        { guard: 'isPrepared', target: 'blocking' },
      ],
      on: {
        'disk.ready': { actions: 'noteDiskReady' },
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
    blocking: {
      description: 'Packets of the IP are held back until the portal can answer.',
      entry: ask.block,
      on: {
        'traffic.blocked': { target: 'addressing' },
        'traffic.blockRefused': giveUp,
        'traffic.blockUnknown': giveUp,
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
        'lock.confirmUnknown': giveUp,
      },
    },
    opening: {
      description: 'The portal is being opened.',
      entry: ask.open,
      on: {
        'portal.opened': { target: 'unblocking' },
        'portal.openRefused': giveUp,
        'portal.openUnknown': giveUp,
      },
    },
    unblocking: {
      description: 'The portal is open; packets of the IP are being let through.',
      entry: ask.unblock,
      on: {
        'traffic.unblocked': { target: '#enabled' },
        'traffic.unblockRefused': giveUp,
        'traffic.unblockUnknown': giveUp,
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
  },
});
