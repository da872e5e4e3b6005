// The lab's side of the initiator host: starts its process and asks it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { launchTalking } from './processes.ts';
import type { WriterPath } from './writer.ts';

type Question<Path> =
  | { readonly type: 'start'; readonly paths: readonly Path[]; readonly everyMs: number; readonly folder: string }
  | { readonly type: 'figures'; readonly from: number; readonly to: number }
  | { readonly type: 'eventLoop' }
  | { readonly type: 'stop' }
  | { readonly type: 'finish'; readonly images: Readonly<Record<string, string>> };

export type InitiatorRequest<Path = WriterPath> = Question<Path> & { readonly id: number };
export interface InitiatorReply {
  readonly id: number;
  readonly body: unknown;
}

/** What one path's writer saw in a window. A write without an answer counts with its age at the window's end. */
export interface PathFigures {
  readonly path: string;
  readonly writes: number;
  /** Writes that got an error, or no answer in time, at least once. */
  readonly failed: number;
  readonly latenciesMs: readonly number[];
  /** When each of these writes was issued, on the shared clock. */
  readonly issuedAt: readonly number[];
  /** Since the start: what was read and was not what had been acknowledged. */
  readonly misreads: readonly string[];
  readonly reads: number;
  readonly logins: number;
}

export class Initiator<Path = WriterPath> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (body: unknown) => void>();
  readonly #gone: Promise<never>;
  #id = 0;

  constructor(argv: readonly string[], log: string) {
    this.#child = launchTalking(argv, log);
    this.#gone = once(this.#child, 'exit').then(() => {
      throw new Error('the initiator process has ended');
    });
    this.#gone.catch(() => {});
    this.#child.on('message', (reply: InitiatorReply) => {
      this.#waiting.get(reply.id)?.(reply.body);
      this.#waiting.delete(reply.id);
    });
  }

  async start(paths: readonly Path[], everyMs: number, folder: string): Promise<void> {
    await this.#ask({ type: 'start', paths, everyMs, folder });
  }

  async figures(from: number, to: number): Promise<PathFigures[]> {
    return (await this.#ask({ type: 'figures', from, to })) as PathFigures[];
  }

  /** Longest time that the initiator's own process was late since the last call, in milliseconds. */
  async eventLoopDelayMs(): Promise<number> {
    return (await this.#ask({ type: 'eventLoop' })) as number;
  }

  /** Nobody writes any more when this is done. */
  async stop(): Promise<void> {
    await this.#ask({ type: 'stop' });
  }

  /** Ends the writers and judges everything: the list of lost or misread blocks. `images`: disk → file. */
  async finish(images: Readonly<Record<string, string>>): Promise<string[]> {
    return (await this.#ask({ type: 'finish', images })) as string[];
  }

  async #ask(question: Question<Path>): Promise<unknown> {
    this.#id += 1;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#id, resolve);
    this.#child.send({ ...question, id: this.#id } satisfies InitiatorRequest<Path>);
    return Promise.race([promise, this.#gone]);
  }
}
