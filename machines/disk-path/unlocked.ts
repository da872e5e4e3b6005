import { ask, diskPath } from './setup.ts';

/** Not ours: wait until the view offers it and our turn comes. */
export const unlocked = diskPath.createStateConfig({
  id: 'unlocked',
  description: 'The path is not ours.',
  entry: 'forgetLock',
  initial: 'deciding',
  on: {
    'path.specified': { actions: 'noteSettings' },
    'path.withdrawn': { actions: 'forgetSettings' },
    'dataplane.leftover': { guard: 'specified', target: '#fenced', actions: 'noteTrouble' },
  },
  states: {
    deciding: {
      description: 'The path is not ours; whether we may bid for it at once depends on how the last try ended.',
      always: [{ guard: 'mustCool', target: 'cooling' }, { target: 'idle' }],
    },
    idle: {
      description: 'The path is not ours, and nothing asks us to take it.',
      tags: ['idle', 'settled'],
      on: {
        'path.offered': [
          { guard: 'isOurTurn', target: '#locking', actions: 'noteOffer' },
          { target: 'waiting', actions: 'noteOffer' },
        ],
      },
    },
    waiting: {
      description: 'The path is free; we wait for our turn to take it.',
      tags: ['idle'],
      entry: ask.armTurn,
      on: {
        'turn.due': { target: '#locking' },
        'path.offered': [
          { guard: 'isOurTurn', target: '#locking', actions: ['noteOffer', ask.cancelTurn] },
          { target: 'waiting', reenter: true, actions: 'noteOffer' },
        ],
        'path.notOffered': { target: 'idle', actions: ask.cancelTurn },
        'path.unwanted': { target: 'idle', actions: ask.cancelTurn },
        'lease.lost': { target: 'idle', actions: ask.cancelTurn },
      },
    },
    cooling: {
      description: 'The path failed here; others may try while we hold back.',
      tags: ['idle'],
      entry: ask.armCooldown,
      on: { 'cooldown.due': { target: 'idle' } },
    },
  },
});
