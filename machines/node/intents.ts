// Everything the node can ask for.
import { timerIntents, type IntentTable } from '../intent.ts';

const session = { lane: 'session', serves: false, abortable: false } as const;
const operator = { lane: null, serves: false, abortable: false } as const;

export const nodeIntents = {
  'session.find': {
    answer: { by: 'outcome', done: 'session.found' },
    ...session,
    about: 'is the session we had before still alive?',
  },
  'session.create': {
    answer: { by: 'outcome', done: 'session.created' },
    ...session,
    about: 'open a new session: a new incarnation of this node',
  },
  'session.destroy': { answer: { by: 'outcome', done: 'session.destroyed' }, ...session, about: 'end the session' },
  'node.register': {
    answer: { by: 'outcome', done: 'node.registered' },
    ...session,
    about: 'write and lock the node record',
  },
  'node.announceLeaving': {
    answer: { by: 'outcome', done: 'node.leavingAnnounced' },
    ...session,
    about: 'tell everybody that this node gives up its paths',
  },
  'node.writeAsks': {
    answer: { by: 'outcome', done: 'node.asksWritten' },
    ...session,
    about: 'write down whom this node asks when Consul is away',
  },
  'peer.endSession': {
    answer: { by: 'outcome', done: 'peer.sessionEnded' },
    ...operator,
    about: 'end the session of a node that the majority does not hear',
  },
  'paths.fence': {
    answer: { by: 'nobody' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'tell every path here that the lease is lost',
  },
  'exclusion.prove': {
    answer: { by: 'outcome', done: 'exclusion.provenHere' },
    lane: null,
    serves: false,
    abortable: false,
    about: 'read back that nothing of a lost incarnation is served here, and publish it',
  },
  'drain.write': {
    answer: { by: 'outcome', done: 'drain.written' },
    ...operator,
    about: 'write down that a node shall be empty',
  },
  'drain.remove': {
    answer: { by: 'outcome', done: 'drain.removed' },
    ...operator,
    about: 'let a node take paths again',
  },
  'maintenance.write': {
    answer: { by: 'outcome', done: 'maintenance.written' },
    ...operator,
    about: 'write down that nobody is fenced for now, in the cluster or of one node',
  },
  'maintenance.remove': {
    answer: { by: 'outcome', done: 'maintenance.removed' },
    ...operator,
    about: 'end a maintenance',
  },
  'exclusion.confirm': {
    answer: { by: 'outcome', done: 'exclusion.confirmed' },
    ...operator,
    about: "publish an operator's word that a node is down",
  },
  'storage.look': {
    answer: { by: 'outcome', done: 'storage.seen' },
    ...session,
    about: 'read back whether the storage refuses this node',
  },
  'storage.clear': {
    answer: { by: 'outcome', done: 'storage.cleared' },
    ...session,
    about: 'have the storage take this node again, once nothing of any lost session is left here',
  },
  ...timerIntents,
} as const satisfies IntentTable;
