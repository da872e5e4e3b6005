// Stands for the initiators: asks every portal all the time over TCP who serves it, and holds a connection to each.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { bannerOf } from './banner.ts';

export interface Portal {
  readonly disk: string;
  readonly index: number;
  /** `00001/1` */
  readonly path: string;
  readonly ip: string;
  readonly port: number;
  readonly iqn: string;
}

export interface Observed {
  readonly portal: Portal;
  /** Who answered last; null when nobody does now. */
  node: string | null;
  /** Time of the last answer, as performance.now(). */
  answeredAtMs: number;
  /** Changes from one node to another, with the time without an answer between them. */
  readonly moves: { readonly from: string; readonly to: string; readonly atMs: number; readonly gapMs: number }[];
  /** Longest time between two answers. */
  longestGapMs: number;
  /** Another node answered while a connection to the one before was still open, or the one before answered again. */
  doubleAnswers: number;
  /** Answers for another target, or not of a daemon. */
  wrongBanners: number;
  probes: number;
  /** Longest time between the starts of two probes. */
  longestIntervalMs: number;
}

export interface Prober {
  readonly observed: readonly Observed[];
  /** Forgets gaps and intervals seen so far. */
  reset(): void;
  /** Settles once it holds; false at the deadline or when `signal` fires. */
  until(holds: () => boolean, deadlineMs: number, signal: AbortSignal): Promise<boolean>;
  stop(): void;
}

const probeDeadlineMs = 500;

export function startProber(portals: readonly Portal[], everyMs: number): Prober {
  const observed = portals.map(unseen);
  let running = true;
  const waiters = new Set<() => void>();
  const tell = (): void => waiters.forEach((wake) => wake());
  for (const one of observed) void probeForEver(one, everyMs, tell, () => running);
  return {
    observed,
    reset: () => observed.forEach((one) => Object.assign(one, { longestGapMs: 0, longestIntervalMs: 0, probes: 0 })),
    until: (holds, deadlineMs, signal) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const look = (): void => {
        if (holds()) resolve(true);
      };
      const giveUp = (): void => resolve(false);
      const timer = setTimeout(giveUp, deadlineMs);
      signal.addEventListener('abort', giveUp, { once: true });
      waiters.add(look);
      look();
      if (signal.aborted) giveUp();
      return promise.finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        waiters.delete(look);
      });
    },
    stop: () => {
      running = false;
    },
  };
}

const unseen = (portal: Portal): Observed => ({
  portal,
  node: null,
  answeredAtMs: 0,
  moves: [],
  longestGapMs: 0,
  doubleAnswers: 0,
  wrongBanners: 0,
  probes: 0,
  longestIntervalMs: 0,
});

interface Held {
  readonly node: string;
  readonly socket: Socket;
}

async function probeForEver(one: Observed, everyMs: number, tell: () => void, running: () => boolean): Promise<void> {
  let held: Held | null = null;
  let lastNode: string | null = null;
  let startedAtMs = performance.now();
  while (running()) {
    const now = performance.now();
    one.longestIntervalMs = Math.max(one.longestIntervalMs, now - startedAtMs);
    startedAtMs = now;
    one.probes += 1;
    const banner = await bannerOf(one.portal, probeDeadlineMs, { keepOpen: true });
    if (banner.kind === 'answered') {
      if (banner.iqn !== one.portal.iqn) one.wrongBanners += 1;
      note(one, banner.node, lastNode);
      lastNode = banner.node;
      held = await hold(one, held, banner);
    } else {
      if (banner.kind === 'unclear' && banner.text !== '') one.wrongBanners += 1;
      one.node = null;
    }
    tell();
    await untilNext(startedAtMs + everyMs);
  }
  held?.socket.destroy();
}

function note(one: Observed, node: string, lastNode: string | null): void {
  const now = performance.now();
  const gapMs = now - one.answeredAtMs;
  if (lastNode !== null) one.longestGapMs = Math.max(one.longestGapMs, gapMs);
  if (lastNode !== null && lastNode !== node) one.moves.push({ from: lastNode, to: node, atMs: now, gapMs });
  one.node = node;
  one.answeredAtMs = now;
}

/** Keeps one connection open. When it still is while another node answers, two serve the path. */
async function hold(one: Observed, held: Held | null, answer: Held): Promise<Held> {
  if (held === null) return answer;
  if (held.node !== answer.node) {
    // Its end was there before the other could listen, but may be read after the answer of the other.
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    if (isOpen(held.socket)) one.doubleAnswers += 1;
    held.socket.destroy();
    return answer;
  }
  if (!isOpen(held.socket)) return answer;
  answer.socket.destroy();
  return held;
}

const isOpen = (socket: Socket): boolean => !socket.destroyed && socket.readyState === 'open';

function untilNext(atMs: number): Promise<void> {
  return pause(Math.max(1, atMs - performance.now()));
}
