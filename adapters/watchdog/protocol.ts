// What the daemon and the helper that holds the watchdog say to each other.

export type Request =
  /** `madeAtMs`: of `monotonicMs`, which is the same for all processes of a host. */
  | { readonly kind: 'feed'; readonly device: string; readonly madeAtMs: number; readonly tokenAgeMs: number }
  | { readonly kind: 'disarm' };

export type Reply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'disarmed' }
  | { readonly kind: 'failed'; readonly reason: string };

export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
