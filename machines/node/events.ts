// Everything the node itself can be told. Fields are JSON.

type Because = { readonly reason: string };
type Operator = { readonly by: string; readonly reason: string };
type Asked =
  | 'session.find'
  | 'session.create'
  | 'session.destroy'
  | 'node.register'
  | 'node.announceLeaving'
  | 'exclusion.prove'
  | 'drain.write'
  | 'drain.remove'
  | 'exclusion.confirm';

export type NodeEvent =
  /** The daemon has recovered its journal. `atMs`: since the boot of the host, on a clock that never jumps. */
  | { readonly type: 'node.started'; readonly instance: string; readonly bootId: string; readonly atMs?: number }
  | { readonly type: 'node.leaveRequested' }
  /** No path is left here. */
  | { readonly type: 'node.emptied' }
  | ({ readonly type: 'session.lost' } & Because)
  | ({ readonly type: 'lease.expired' } & Because)
  /** A lost incarnation of this very node is still named as last owner somewhere. */
  | { readonly type: 'session.orphaned'; readonly session: string }
  | { readonly type: 'retry.due' }
  | ({
      readonly type: 'operator.drain' | 'operator.undrain' | 'operator.confirmDown';
      readonly node: string;
    } & Operator)
  | { readonly type: 'session.found' | 'session.created'; readonly session: string }
  | { readonly type: 'node.registered'; readonly modifyIndex: number }
  | { readonly type: 'session.destroyed' | 'node.leavingAnnounced' }
  | { readonly type: 'exclusion.provenHere'; readonly session: string }
  | { readonly type: 'drain.written' | 'drain.removed' }
  | { readonly type: 'exclusion.confirmed'; readonly sessions: readonly string[] }
  | { readonly type: `${Asked}Refused`; readonly reason: string; readonly code?: string }
  | { readonly type: `${Asked}Unknown`; readonly reason: string };
