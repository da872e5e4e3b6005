// The bench's side of the process that connects to every portal, again and again.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { launchTalking } from '../lab/processes.ts';

export interface ProbeFigures {
  readonly connects: number;
  /** Refused, reset, or without an answer within a second. */
  readonly failed: number;
  readonly delayed: number;
  readonly slowestMs: number;
}

export class ConnectProbe {
  readonly #child: ChildProcess;

  constructor(argv: readonly string[], log: string) {
    this.#child = launchTalking(argv, log);
  }

  async start(ips: readonly string[], port: number): Promise<void> {
    await this.#ask({ ips, port });
  }

  /** Since the last call. */
  async figures(): Promise<ProbeFigures> {
    return (await this.#ask({})) as ProbeFigures;
  }

  async #ask(question: object): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(question);
    const [body] = await answer;
    return body;
  }
}
