// Everything the exclusion of one lost incarnation can be told. Fields are JSON.

/** How exclusion can be proven; tried in configured order. */
export type Method =
  /** Give the lost node this long to prove its own teardown. */
  | { readonly method: 'self'; readonly waitMs: number }
  /**
   * Run a program that proves, or refuses to; what it is told is in the configuration, not here. `unfit`: the method at
   * this position proves nothing about this node.
   */
  | { readonly method: 'command' | 'fenceAgent' | 'ceph' | 'sshPoweroff' | 'unfit'; readonly position: number }
  /** The node is built to stop itself within this time of losing contact. */
  | { readonly method: 'leaseBound'; readonly boundMs: number };

type Asked = 'fence.run' | 'exclusion.publish';

export type ExclusionEvent =
  /** Somebody must be excluded, and we are the node that does it. */
  | { readonly type: 'exclusion.wanted'; readonly node: string; readonly methods: readonly Method[] }
  /** Another living node does it. */
  | { readonly type: 'exclusion.notElected' }
  /** The proof stands in Consul. */
  | { readonly type: 'exclusion.proven'; readonly session: string; readonly method: string }
  | { readonly type: 'wait.due' | 'retry.due' }
  | { readonly type: 'fence.proven'; readonly evidence: string }
  | { readonly type: 'exclusion.published' }
  | { readonly type: `${Asked}Refused`; readonly reason: string; readonly code?: string }
  | { readonly type: `${Asked}Unknown`; readonly reason: string };
