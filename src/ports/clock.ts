// Time is a port, so that the simulator can own it.

export interface Clock {
  /** Milliseconds since the boot, on a clock that never jumps. The only clock deadlines may use. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for display only. */
  wallMs(): number;
  /** Calls `fire` once after `ms`. Returns what cancels it; cancelling twice is harmless. */
  after(ms: number, fire: () => void): () => void;
}

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });
