// A device that resets this host unless it is fed.
import type { CallOptions, Outcome } from './outcome.ts';

export interface WatchdogPort {
  /**
   * Feeds the device once, and returns at once. The first call opens it: from then on the host is reset when nobody
   * feeds it. A call that is carried out late, because somebody was paused, feeds nothing.
   */
  feed(): void;
  /** `done` once the device is open and will reset the host. `refused`: nobody has fed it, or it cannot be opened. */
  armed(options: CallOptions): Promise<Outcome>;
  /** Ends it so that the host is not reset. Only for a node that serves nothing. */
  disarm(): Promise<void>;
  /** Ends it and leaves the device armed: the host is reset, unless the next daemon feeds it in time. */
  abandon(): void;
}

/** The kernel's softdog, by its own name. */
export const softwareIdentity = 'Software Watchdog';

/** What can be known of a device without opening it, which would arm it. `identity`: the driver's own name for it. */
export type WatchdogCheck = { readonly identity: string } & (
  | { readonly kind: 'fits'; readonly warning: string | null }
  | { readonly kind: 'unfit'; readonly reason: string }
);
