// May the watchdog be fed now? Judged from the lease and the paths. What is not known counts against feeding.
import { stateOf } from '../core/state.ts';
import type { Lease } from './lease.ts';
import type { Registry } from './registry.ts';

export interface Signs {
  /** Consul showed this daemon that its session lives, its own deadline has not passed, and it has read its node. */
  readonly hasRight: boolean;
  /** Every path actor with its state. */
  readonly paths: readonly { readonly id: string; readonly state: string }[];
}

export type Verdict = { readonly feeds: true } | { readonly feeds: false; readonly reason: string };

/**
 * A start of the daemon is no right: a daemon that starts again and again would feed for ever. So nothing is fed before
 * the first contact, and a path that may be served here without right has `teardownMs` to be proven gone.
 */
export class Vitality {
  readonly #teardownMs: number;
  #hadRight = false;
  #lastMs: number | null = null;
  /** Since when a path may be served without right; the last time that it was certain to be in order. */
  readonly #withoutRight = new Map<string, number>();

  constructor(teardownMs: number) {
    this.#teardownMs = teardownMs;
  }

  /** To be asked every second or so; `nowMs` is monotonic. After a pause the time of the pause counts, too. */
  judge(signs: Signs, nowMs: number): Verdict {
    const since = this.#lastMs ?? nowMs;
    this.#lastMs = nowMs;
    this.#hadRight ||= signs.hasRight;
    this.#note(signs, since);
    if (!this.#hadRight) return { feeds: false, reason: 'Consul has not confirmed yet that this node may serve' };
    const late = [...this.#withoutRight].find(([, sinceMs]) => nowMs - sinceMs > this.#teardownMs);
    if (late === undefined) return { feeds: true };
    const [path] = late;
    return { feeds: false, reason: `${path} has no right to be served here and is not torn down in time` };
  }

  #note({ paths, hasRight }: Signs, sinceMs: number): void {
    const now = new Set(paths.filter(({ state }) => isWithoutRight(state, hasRight)).map(({ id }) => id));
    for (const path of this.#withoutRight.keys()) if (!now.has(path)) this.#withoutRight.delete(path);
    for (const path of now) if (!this.#withoutRight.has(path)) this.#withoutRight.set(path, sinceMs);
  }
}

/** What the watchdog is judged by, now. `isKnown`: the node was read, so that the actors know what is on it. */
export const signsOf = (registry: Registry, lease: Lease, isKnown = true): Signs => ({
  hasRight: isKnown && lease.isConfirmed && lease.remainingMs > 0,
  paths: [...registry.all()]
    .filter(({ id }) => id.startsWith('path/'))
    .map(({ id, snapshot }) => ({ id, state: stateOf(snapshot) })),
});

const isWithoutRight = (state: string, hasRight: boolean): boolean =>
  mayServe(state) && (!hasRight || state.startsWith('fenced'));

/** From the first change of the node until its reading back has shown that IP and portal are gone. */
export function mayServe(state: string): boolean {
  const [top = '', step = ''] = state.split('.', 2);
  if (top === 'unlocked' || top === 'locking') return false;
  return !(top === 'releasing' || top === 'fenced') || !provenGone.has(step);
}

const provenGone = new Set(['freeing', 'unlocking', 'unlockingAgain', 'unblocking']);
