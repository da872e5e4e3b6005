// Everything a path can be told. Fields are JSON.

/** One lost incarnation of a node: whoever held the lock with this session. */
export type Incarnation = { readonly node: string; readonly session: string };

/** What the path needs of its disk's specification. */
export type PathSettings = {
  readonly ip: string;
  readonly prefix: number;
  readonly interface: string;
  readonly port: number;
  readonly iqn: string;
};

/** The path is free and this node may take it. `modifyIndex` is the lock key's, 0 when the key does not exist. */
export type Offer = {
  readonly modifyIndex: number;
  readonly rank: number;
  readonly delayMs: number;
  /** The last owner, unless it released cleanly. */
  readonly evidence: Incarnation | null;
  /** The method that proved it unable to write already; null while nothing is proven. */
  readonly proof: string | null;
  /** Our own session holds the lock already, and no earlier owner is in doubt: the path may be served here. */
  readonly ours?: true;
};

type Grant = { readonly epoch: number; readonly modifyIndex: number; readonly evidence: Incarnation | null };
type Because = { readonly reason: string };

export type DiskPathEvent =
  // what Consul's view means for this path
  | { readonly type: 'path.specified'; readonly settings: PathSettings }
  | { readonly type: 'path.withdrawn' }
  | ({ readonly type: 'path.offered' } & Offer)
  | ({ readonly type: 'path.notOffered' } & Because)
  | ({ readonly type: 'path.unwanted' } & Because)
  | { readonly type: 'path.moveEnded'; readonly modifyIndex: number }
  | ({ readonly type: 'lock.lost' } & Because)
  | { readonly type: 'exclusion.proven'; readonly session: string; readonly method: string }
  | ({ readonly type: 'exclusion.failed'; readonly session: string } & Because)
  // what the node and the disk say
  | ({ readonly type: 'lease.lost' } & Because)
  | { readonly type: 'disk.ready' }
  | ({ readonly type: 'disk.failed' } & Because)
  | { readonly type: 'disk.freed' }
  /** Something of its target was changed by hand, and is as it should be again. */
  | { readonly type: 'disk.repaired' }
  /** Something of its target was changed by hand, and cannot be put right here. */
  | ({ readonly type: 'disk.lost' } & Because)
  // what was found on the node
  /** A new daemon took over from the one that opened the portal. */
  | { readonly type: 'path.resumed' }
  /** The journal is older than the lock: our own session took it again since. */
  | ({ readonly type: 'path.outdated' } & Because)
  | ({ readonly type: 'dataplane.missing' } & Because)
  | ({ readonly type: 'dataplane.leftover' } & Because)
  // what an operator wants
  | { readonly type: 'operator.release'; readonly to?: string; readonly by: string; readonly reason: string }
  // timers
  | { readonly type: 'turn.due' | 'retry.due' | 'prepare.due' | 'cooldown.due' }
  // answers
  | ({ readonly type: 'lock.granted' } & Grant)
  | ({ readonly type: 'lock.observed'; readonly mine: boolean } & Grant)
  | { readonly type: 'lock.confirmed' | 'lock.cleared' | 'lock.released' }
  | { readonly type: 'address.probed'; readonly answeredBy: string | null }
  | { readonly type: 'traffic.blocked' | 'traffic.unblocked' }
  | { readonly type: 'address.added' | 'address.removed' | 'address.announced' }
  | { readonly type: 'portal.opened' | 'portal.closed' }
  | { readonly type: 'path.observed'; readonly address: boolean; readonly portal: boolean }
  | { readonly type: 'move.requested' | 'move.cleared' }
  | Refusal
  | Doubt;

type Asked =
  | 'lock.acquire'
  | 'lock.read'
  | 'lock.confirm'
  | 'lock.clear'
  | 'lock.release'
  | 'address.probe'
  | 'traffic.block'
  | 'traffic.unblock'
  | 'address.add'
  | 'address.remove'
  | 'address.announce'
  | 'portal.open'
  | 'portal.close'
  | 'path.observe'
  | 'move.request'
  | 'move.clear';

type Refusal = { readonly type: `${Asked}Refused`; readonly reason: string; readonly code?: string };
type Doubt = { readonly type: `${Asked}Unknown`; readonly reason: string };
