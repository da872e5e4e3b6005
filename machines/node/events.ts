// Everything the node itself can be told. Fields are JSON.

type Because = { readonly reason: string };
type Operator = { readonly by: string; readonly reason: string };
type Missed = {
  readonly node: string;
  readonly session: string;
  readonly by: readonly string[];
  readonly missedMs: number;
};
type Asked =
  | 'session.find'
  | 'session.create'
  | 'session.destroy'
  | 'node.register'
  | 'node.announceLeaving'
  | 'exclusion.prove'
  | 'drain.write'
  | 'drain.remove'
  | 'maintenance.write'
  | 'maintenance.remove'
  | 'exclusion.confirm'
  | 'node.writeAsks'
  | 'peer.endSession'
  | 'storage.look'
  | 'storage.clear';

export type NodeEvent =
  /** The daemon has recovered its journal. `atMs`: since the boot of the host, on a clock that never jumps. */
  | {
      readonly type: 'node.started';
      readonly instance: string;
      readonly bootId: string;
      readonly atMs?: number;
      /** A storage can refuse this node, and is asked before it joins anew. */
      readonly clears?: boolean;
    }
  | { readonly type: 'node.leaveRequested' }
  /** No path is left here. */
  | { readonly type: 'node.emptied' }
  | ({ readonly type: 'session.lost' } & Because)
  | ({ readonly type: 'lease.expired' } & Because)
  /** A lost incarnation of this very node is still named as last owner somewhere. */
  | { readonly type: 'session.orphaned'; readonly session: string }
  /** Nodes live that this one has not yet said it asks when Consul is away. */
  | { readonly type: 'peers.joined'; readonly sessions: readonly string[] }
  /** More than half of all living nodes hear nothing of that one. */
  | ({ readonly type: 'peer.missed' } & Missed)
  /** Consul is away, and all peers vouch: the deadline moves on by their word. */
  | { readonly type: 'failsafe.entered'; readonly peers: readonly string[] }
  | { readonly type: 'failsafe.left' }
  | { readonly type: 'retry.due' }
  | ({
      readonly type: 'operator.drain' | 'operator.undrain' | 'operator.confirmDown';
      readonly node: string;
    } & Operator)
  /** Without a node: the whole cluster. `forMs`: for this long, and then it ends by itself. */
  | ({ readonly type: 'operator.maintain'; readonly node?: string; readonly forMs?: number } & Operator)
  | ({ readonly type: 'operator.endMaintenance'; readonly node?: string } & Operator)
  /** This node has seen it for as long as it should last. */
  | { readonly type: 'maintenance.expired'; readonly node: string | null; readonly modifyIndex: number }
  | { readonly type: 'session.found' | 'session.created'; readonly session: string }
  | { readonly type: 'node.registered'; readonly modifyIndex: number }
  | { readonly type: 'session.destroyed' | 'node.leavingAnnounced' }
  | { readonly type: 'exclusion.provenHere'; readonly session: string }
  | {
      readonly type:
        | 'drain.written' | 'drain.removed' | 'maintenance.written' | 'maintenance.removed'
        | 'node.asksWritten' | 'peer.sessionEnded';
    }
  /** As whom the storage refuses this node; none: it does not. */
  | { readonly type: 'storage.seen'; readonly refused: readonly string[] }
  | { readonly type: 'storage.cleared'; readonly removed: readonly string[] }
  | { readonly type: 'settle.due' }
  | { readonly type: 'exclusion.confirmed'; readonly sessions: readonly string[] }
  | { readonly type: `${Asked}Refused`; readonly reason: string; readonly code?: string }
  | { readonly type: `${Asked}Unknown`; readonly reason: string };
