// What can go wrong, as data: a failing run can be tried again with less of it.

/** When exactly a daemon dies or stands still: at the time, or at its n-th record, command or request after it. */
export type Moment = { readonly what: 'time' | 'record' | 'command' | 'request'; readonly count: number };

interface Somewhere {
  readonly atMs: number;
  readonly node: string;
}

interface Lasting {
  readonly forMs: number;
}

export type Fault =
  | (Somewhere & { readonly kind: 'killDaemon'; readonly moment: Moment; readonly downMs: number;
      readonly journal: 'kept' | 'lost' })
  | (Somewhere & { readonly kind: 'powerLoss'; readonly moment: Moment; readonly downMs: number })
  | (Somewhere & { readonly kind: 'restart'; readonly how: 'keep' | 'drain'; readonly downMs: number })
  | (Somewhere & Lasting & { readonly kind: 'pauseDaemon'; readonly seed: number; readonly moment: Moment })
  | (Somewhere & Lasting & { readonly kind: 'freezeHost'; readonly seed: number; readonly moment: Moment;
      readonly clockStops: boolean })
  | (Somewhere & { readonly kind: 'wallJump'; readonly byMs: number })
  | (Somewhere & Lasting & { readonly kind: 'lossy'; readonly seed: number; readonly lose: number;
      readonly loseAnswer: number; readonly twice: number; readonly delayMs: number })
  | (Somewhere & Lasting & { readonly kind: 'cutOff'; readonly way: 'both' | 'requests' | 'answers';
      readonly gossip: boolean })
  /** Its peers do not hear it, or it does not hear them. */
  | (Somewhere & Lasting & { readonly kind: 'peersCut'; readonly way: 'both' | 'out' | 'in';
      readonly others: readonly string[] })
  | (Somewhere & Lasting & { readonly kind: 'peersLossy'; readonly seed: number; readonly lose: number;
      readonly delayMs: number })
  /** The network falls apart: these reach neither Consul nor the others. */
  | ({ readonly atMs: number; readonly kind: 'split'; readonly side: readonly string[]; readonly gossip: boolean } &
      Lasting)
  | (Somewhere & Lasting & { readonly kind: 'unlinked' })
  | (Somewhere & Lasting & { readonly kind: 'gossipLies' })
  | (Somewhere & { readonly kind: 'endSession' })
  | (Somewhere & Lasting & { readonly kind: 'badCommands'; readonly seed: number; readonly verbs: string;
      readonly how: 'slow' | 'refuse' | 'unknown' | 'applied' | 'hang'; readonly share: number })
  | (Somewhere & Lasting & { readonly kind: 'badJournal'; readonly how: 'full' | 'hang' })
  | (Somewhere & { readonly kind: 'tamper'; readonly path: string; readonly what: 'address' | 'portal' })
  | (Somewhere & Lasting & { readonly kind: 'drain' })
  | (Somewhere & Lasting & { readonly kind: 'maintenance'; readonly of: 'cluster' | 'node';
      readonly isTimed: boolean })
  | (Somewhere & { readonly kind: 'release'; readonly path: string; readonly to: string | null })
  | (Somewhere & { readonly kind: 'confirmDown'; readonly by: string })
  | ({ readonly atMs: number; readonly kind: 'stopDisk'; readonly disk: string } & Lasting)
  | ({ readonly atMs: number; readonly kind: 'noLeader'; readonly silent: boolean } & Lasting)
  | ({ readonly atMs: number; readonly kind: 'badFence'; readonly how: 'late' | 'fail' | 'hang' | 'wrong' } & Lasting);

export type FaultKind = Fault['kind'];
