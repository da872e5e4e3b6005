// The lab's side of the observer: keeps the timeline of who answers for which path.
import type { ChildProcess } from 'node:child_process';
import type { Host } from './hosts.ts';
import { launchTalking } from './processes.ts';
import { Timeline, type Change } from './timeline.ts';

export type ObserverRequest =
  | { readonly type: 'start'; readonly ips: readonly string[]; readonly port: number }
  | { readonly type: 'hosts'; readonly holders: Readonly<Record<string, number>> }
  | { readonly type: 'figures'; readonly id: number };

/** How often it really looked since the last question. */
export interface ObserverFigures {
  readonly sweeps: number;
  /** Sweeps that began more than 20 ms after the one before. */
  readonly slowSweeps: number;
  readonly longestMs: number;
}

export type ObserverMessage =
  | { readonly type: 'changes'; readonly changes: readonly Change[] }
  | ({ readonly type: 'figures'; readonly id: number } & ObserverFigures);

export class Observer {
  readonly timeline = new Timeline();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (figures: ObserverFigures) => void>();
  #id = 0;

  constructor(script: string, log: string, ips: readonly string[], port: number) {
    // First come, first served with the highest priority: a sampler that waits for its turn does not see the moment.
    this.#child = launchTalking(['chrt', '--fifo', '50', process.execPath, script], log);
    this.#child.on('message', (message: ObserverMessage) => this.#hear(message));
    this.#send({ type: 'start', ips, port });
  }

  watch(hosts: readonly Host[]): void {
    this.#send({ type: 'hosts', holders: Object.fromEntries(hosts.map((host) => [host.name, host.holderPid])) });
  }

  async figures(): Promise<ObserverFigures> {
    this.#id += 1;
    const { promise, resolve } = Promise.withResolvers<ObserverFigures>();
    this.#waiting.set(this.#id, resolve);
    this.#send({ type: 'figures', id: this.#id });
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
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }

  #send(request: ObserverRequest): void {
    this.#child.send(request);
  }
}
