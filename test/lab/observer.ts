// The lab's side of the observer: keeps the timeline of who answers for which path.
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Host } from './hosts.ts';
import { launchTalking } from './processes.ts';
import { largest } from './report.ts';
import { Timeline, type Change, type DoubleService } from './timeline.ts';

export type ObserverRequest =
  | { readonly type: 'start'; readonly ips: readonly string[]; readonly port: number }
  | { readonly type: 'hosts'; readonly holders: Readonly<Record<string, number>> }
  | { readonly type: 'figures'; readonly id: number };

/** When a sampler looked, and how much time the hypervisor had kept from the machine by then (milliseconds). */
export type Sweep = readonly [at: number, stolenMs: number];

/** How often they really looked since the last question. Time in which the machine itself stood still is left out. */
export interface ObserverFigures {
  readonly sweeps: number;
  readonly longestMs: number;
  /** When nobody looked for more than 20 ms. */
  readonly slow: readonly Interval[];
}

interface Interval {
  readonly at: number;
  readonly ms: number;
}

export type ObserverMessage =
  | { readonly type: 'changes'; readonly changes: readonly Change[] }
  | { readonly type: 'figures'; readonly id: number; readonly sweeps: readonly Sweep[] };

const slowMs = 20;

/** One sampler on each of two processors: while one stands still, the other looks. */
export class Observer {
  readonly #samplers: readonly Sampler[];
  /** As the first one saw it: enough for figures. */
  readonly timeline: Timeline;

  constructor(script: string, log: string, ips: readonly string[], port: number) {
    const first = new Sampler(script, log, 0);
    this.#samplers = availableParallelism() > 1 ? [first, new Sampler(script, log, 1)] : [first];
    this.timeline = first.timeline;
    for (const sampler of this.#samplers) sampler.send({ type: 'start', ips, port });
  }

  watch(hosts: readonly Host[]): void {
    const holders = Object.fromEntries(hosts.map((host) => [host.name, host.holderPid]));
    for (const sampler of this.#samplers) sampler.send({ type: 'hosts', holders });
  }

  /** Moments when two hosts answered, as any of the samplers saw them. */
  double(ip: string, from: number, to: number): DoubleService[] {
    return this.#samplers.flatMap(({ timeline }) => timeline.double(ip, from, to));
  }

  /** The least that any of the samplers can vouch for; undefined when one saw no end or no successor. */
  marginMs(ip: string, host: string, from: number): number | undefined {
    const margins = this.#samplers.map(({ timeline }) => timeline.marginMs(ip, host, from));
    return margins.includes(undefined) ? undefined : Math.min(...margins.map(Number));
  }

  async figures(): Promise<ObserverFigures> {
    const sweeps = (await Promise.all(this.#samplers.map((sampler) => sampler.sweeps()))).flat();
    const intervals = intervalsOf(sweeps);
    const longestMs = largest(intervals.map(({ ms }) => ms));
    return { sweeps: sweeps.length, longestMs, slow: intervals.filter(({ ms }) => ms > slowMs) };
  }

  close(): void {
    for (const sampler of this.#samplers) sampler.close();
  }
}

/** Times between one look and the next, whoever looked. */
export function intervalsOf(sweeps: readonly Sweep[]): readonly Interval[] {
  const inOrder = sweeps.toSorted(([one], [other]) => one - other);
  return inOrder.slice(1).map(([at, stolenMs], index) => {
    const [before, stolenBefore] = inOrder[index] ?? [at, stolenMs];
    return { at: before, ms: at - before - Math.max(0, stolenMs - stolenBefore) };
  });
}

class Sampler {
  readonly timeline = new Timeline();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (sweeps: readonly Sweep[]) => void>();
  #id = 0;

  constructor(script: string, log: string, processor: number) {
    // First come, first served with the highest priority: a sampler that waits for its turn does not see the moment.
    const pinned = ['taskset', '--cpu-list', String(processor), 'chrt', '--fifo', '50'];
    // With threads of its own V8 spins on the processor until they have swept, which at this priority they cannot.
    const argv = [...pinned, process.execPath, '--single-threaded', script];
    this.#child = launchTalking(argv, log);
    this.#child.on('message', (message: ObserverMessage) => this.#hear(message));
  }

  send(request: ObserverRequest): void {
    this.#child.send(request);
  }

  async sweeps(): Promise<readonly Sweep[]> {
    this.#id += 1;
    const { promise, resolve } = Promise.withResolvers<readonly Sweep[]>();
    this.#waiting.set(this.#id, resolve);
    this.send({ type: 'figures', id: this.#id });
    return promise;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #hear(message: ObserverMessage): void {
    if (message.type === 'changes') {
      for (const change of message.changes) this.timeline.add(change);
      return;
    }
    this.#waiting.get(message.id)?.(message.sweeps);
    this.#waiting.delete(message.id);
  }
}
