// Everything a disk can ask for.
import { timerIntents, type IntentTable } from '../intent.ts';

const taking = { lane: 'dataplane', serves: true, abortable: true } as const;
const stopping = { lane: 'dataplane', serves: false, abortable: false } as const;
const tell = { lane: null, serves: false, abortable: false } as const;
const spec = { lane: null, serves: false, abortable: false } as const;

export const diskIntents = {
  'backstore.attach': {
    answer: { by: 'outcome', done: 'backstore.attached' },
    ...taking,
    about: 'make the image usable on this node',
  },
  'backstore.detach': {
    answer: { by: 'outcome', done: 'backstore.detached' },
    ...stopping,
    about: 'let go of the image',
  },
  'target.define': {
    answer: { by: 'outcome', done: 'target.defined' },
    ...taking,
    about: 'define target, LUN and access rules, closed',
  },
  'target.remove': { answer: { by: 'outcome', done: 'target.removed' }, ...stopping, about: 'remove the target' },
  'path.tellReady': {
    answer: { by: 'recipient', told: 'disk.ready' },
    ...tell,
    about: 'tell a path that image and target are here',
  },
  'path.tellFailed': {
    answer: { by: 'recipient', told: 'disk.failed' },
    ...tell,
    about: 'tell a path that they cannot be had',
  },
  'path.tellFreed': {
    answer: { by: 'recipient', told: 'disk.freed' },
    ...tell,
    about: 'tell a path that it holds nothing of the disk any more',
  },
  'path.tellRepaired': {
    answer: { by: 'recipient', told: 'disk.repaired' },
    ...tell,
    about: 'tell a path that its target is as it should be again',
  },
  'path.tellLost': {
    answer: { by: 'recipient', told: 'disk.lost' },
    ...tell,
    about: 'tell a path that its target cannot be put right here',
  },
  'spec.create': {
    answer: { by: 'outcome', done: 'spec.created' },
    ...spec,
    about: 'write the specification of a new disk',
  },
  'spec.setDesired': {
    answer: { by: 'outcome', done: 'spec.desiredSet' },
    ...spec,
    about: 'say whether the disk shall be served',
  },
  'spec.remove': {
    answer: { by: 'outcome', done: 'spec.removed' },
    ...spec,
    about: 'remove the specification and the lock keys',
  },
  ...timerIntents,
} as const satisfies IntentTable;
