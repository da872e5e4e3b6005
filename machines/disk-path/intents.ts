// Everything a path can ask for.
import { timerIntents, type IntentTable } from '../intent.ts';

const lock = { lane: 'lock', serves: false, abortable: false } as const;
const taking = { lane: 'dataplane', serves: true, abortable: true } as const;
const stopping = { lane: 'dataplane', serves: false, abortable: false } as const;

export const diskPathIntents = {
  'lock.acquire': {
    answer: { by: 'outcome', done: 'lock.granted' },
    ...lock,
    serves: true,
    about: 'take the path lock, keeping the evidence of its last owner',
  },
  'lock.read': {
    answer: { by: 'outcome', done: 'lock.observed' },
    ...lock,
    about: 'read the lock consistently: is it ours after all?',
  },
  'lock.confirm': {
    answer: { by: 'outcome', done: 'lock.confirmed' },
    ...lock,
    about: 'check once more that the lock is ours, right before opening',
  },
  'lock.clear': {
    answer: { by: 'outcome', done: 'lock.cleared' },
    ...lock,
    serves: true,
    about: 'drop the evidence of the last owner: its exclusion is proven',
  },
  'lock.release': {
    answer: { by: 'outcome', done: 'lock.released' },
    ...lock,
    about: 'give the lock back, empty, or with the evidence that is still unproven',
  },
  'disk.require': {
    answer: { by: 'recipient', told: 'disk.required' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'ask the disk for its image and target',
  },
  'disk.unneed': {
    answer: { by: 'recipient', told: 'disk.unneeded' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'tell the disk that this path needs it no more',
  },
  'address.probe': {
    answer: { by: 'outcome', done: 'address.probed' },
    lane: 'probe',
    serves: false,
    abortable: true,
    about: 'ask the network who answers for the IP',
  },
  'traffic.block': {
    answer: { by: 'outcome', done: 'traffic.blocked' },
    ...stopping,
    about: 'hold back packets of the IP',
  },
  'traffic.unblock': {
    answer: { by: 'outcome', done: 'traffic.unblocked' },
    ...stopping,
    about: 'let packets of the IP pass',
  },
  'address.add': {
    answer: { by: 'outcome', done: 'address.added' },
    ...taking,
    about: 'put the IP on its interface',
  },
  'address.remove': {
    answer: { by: 'outcome', done: 'address.removed' },
    ...stopping,
    about: 'take the IP off the node',
  },
  'address.announce': {
    answer: { by: 'outcome', done: 'address.announced' },
    lane: 'announce',
    serves: false,
    abortable: true,
    about: 'tell the neighbours where the IP is now, several times',
  },
  'address.stopAnnouncing': {
    answer: { by: 'nobody' },
    lane: 'announce',
    serves: false,
    abortable: true,
    about: 'the IP is not ours to announce any more',
  },
  'portal.open': {
    answer: { by: 'outcome', done: 'portal.opened' },
    ...taking,
    about: 'let initiators log in at the IP',
  },
  'portal.close': {
    answer: { by: 'outcome', done: 'portal.closed' },
    ...stopping,
    about: 'end the portal and its connections',
  },
  'path.observe': {
    answer: { by: 'outcome', done: 'path.observed' },
    ...stopping,
    about: 'read back whether IP or portal are here',
  },
  'move.request': {
    answer: { by: 'outcome', done: 'move.requested' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'write down that the path shall leave its owner',
  },
  'move.clear': {
    answer: { by: 'outcome', done: 'move.cleared' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'remove a move that is over',
  },
  ...timerIntents,
} as const satisfies IntentTable;
