// The boundaries at which a daemon is cut.

export interface Point {
  readonly name: string;
  /** The moment of the first cut; any moment of the run when it is missing. */
  readonly first?: string;
  /** A second cut, in the daemon that came back after the first. */
  readonly second?: string;
}

/** Every request to the world has two ends: it was not done, or it was done and nobody heard. */
const requests = [
  'session.create', 'node.register', 'node.announceLeaving', 'session.destroy', 'session.renew',
  'lock.acquire', 'lock.confirm', 'lock.release',
  'backstore.attach', 'target.define', 'address.probe', 'traffic.block', 'address.add', 'portal.open',
  'traffic.unblock', 'address.announce',
  'portal.close', 'address.remove', 'target.remove', 'backstore.detach',
  'exclusion.publish', 'fence.run', 'move.request', 'move.clear', 'drain.write', 'drain.remove', 'spec.write',
  'spec.remove', 'lockKey.remove',
] as const;

const journal = [
  'append: not durable', 'append: durable, not adopted', 'group: not durable', 'group: durable, not adopted',
  'answer: not durable', 'answer: durable, not adopted', 'operator: not durable', 'operator: durable, not adopted',
  'adopted, not dispatched', 'snapshots: not done', 'snapshots: done', 'forgetting: not done', 'forgetting: done',
  'compaction: not done', 'compaction: done', 'journal.close: not done', 'view: not seen',
] as const;

const recovery = [
  'journal.open: not done', 'journal.open: done', 'start: not durable', 'start: durable, not adopted',
  'address.observe: not done', 'session.renew: not done', 'session.renew: done, not answered',
  'node.register: not done', 'node.register: done, not answered', 'view: not seen', 'adopted, not dispatched',
] as const;

export const points: readonly Point[] = [
  ...journal.map((moment) => ({ name: moment, first: moment })),
  ...requests.flatMap((name) => ['not done', 'done, not answered'].map((end) => {
    const moment = `${name}: ${end}`;
    return { name: moment, first: moment };
  })),
  ...recovery.map((moment) => ({ name: `again while it comes back, ${moment}`, second: moment })),
];
