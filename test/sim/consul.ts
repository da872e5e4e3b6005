// Consul as its clients meet it: one store, leaders that come and go, gossip that says who lives, and bad lines to it.
import type { ConsulApi, ConsulReply, RequestOptions } from '../../adapters/consul/api.ts';
import type { Store } from '../../adapters/consul/embedded/store.ts';
import { memoryApi } from '../../adapters/consul/memory.ts';
import type { Random } from './random.ts';
import type { Heard } from './right.ts';
import type { Shape } from './shape.ts';
import { never, type Timeline } from './timeline.ts';
import type { World } from './world.ts';

/** What is wrong between one node and Consul now. */
export interface Line {
  /** Requests do not arrive. */
  requestsCut: number;
  answersCut: number;
  readonly lossy: Set<Lossy>;
}

export interface Lossy {
  readonly random: Random;
  readonly lose: number;
  readonly loseAnswer: number;
  readonly twice: number;
  readonly delayMs: number;
}

/** Who listens to what one process asks. */
export interface Ears {
  readonly onRequest: () => void;
  readonly onReply: (heard: Heard) => void;
}

export const openLine = (): Line => ({ requestsCut: 0, answersCut: 0, lossy: new Set() });

const requestAtMostMs = 60_000;

export class Consul {
  readonly #store: Store;
  readonly #world: World;
  readonly #api: ConsulApi;
  readonly #messageMs: number;
  /** More than none: nobody leads. */
  #leaderless = 0;
  #silent = 0;

  constructor(store: Store, world: World, shape: Shape) {
    this.#store = store;
    this.#world = world;
    this.#messageMs = shape.messageMs;
    this.#api = memoryApi(store);
  }

  /** The timers of sessions live on the leader and start anew with the next one; lock-delays are forgotten with it. */
  loseLeader(silent: boolean): void {
    this.#leaderless += 1;
    if (silent) this.#silent += 1;
    this.#store.close();
    this.#store.state.lockDelays.clear();
  }

  electLeader(wasSilent: boolean): void {
    this.#leaderless -= 1;
    if (wasSilent) this.#silent -= 1;
    if (this.#leaderless > 0) return;
    for (const session of this.#store.state.sessions.keys()) this.#store.renewSession(session);
  }

  get hasLeader(): boolean {
    return this.#leaderless === 0;
  }

  /** The API as one process reaches it over its node's line. */
  apiFor(line: Line, process: Timeline, random: Random, { onRequest, onReply }: Ears): ConsulApi {
    return new Proxy(this.#api, {
      get: (api, verb) => {
        const call = Reflect.get(api, verb) as (...given: unknown[]) => Promise<ConsulReply<unknown>>;
        return (...given: unknown[]): Promise<ConsulReply<unknown>> => {
          const options = given.at(-1) as RequestOptions;
          // A write is carried out whether somebody still waits for it or not; only waiting for news can be called off.
          const over = verb === 'kvList' ? new AbortController() : null;
          const more = { deadlineMs: requestAtMostMs, ...(over === null ? {} : { signal: over.signal }) };
          const perform = () => call(...given.slice(0, -1), more);
          const sentAtMs = process.monotonicMs();
          const sending = { line, process, random, options, perform, over };
          const replied = new Request(sending, this.#world, this).send(onRequest);
          void replied.then((reply) => onReply({ verb: String(verb), given, sentAtMs, reply }));
          return replied;
        };
      },
    });
  }

  delayMs(line: Line, random: Random): number {
    let ms = this.#messageMs === 0 || random.chance(0.3) ? 0 : random.next() * this.#messageMs;
    for (const lossy of line.lossy) if (lossy.random.chance(0.5)) ms += lossy.random.next() * lossy.delayMs;
    return ms;
  }

  /** What a server without a leader says; null: it says nothing. */
  get refusal(): ConsulReply<unknown> | null {
    if (this.#silent > 0) return null;
    const answer = { kind: 'answer', status: 500, index: 0, knownLeader: false, filtered: false, body: null } as const;
    return { ...answer, text: 'No cluster leader' };
  }
}

interface Sending {
  readonly line: Line;
  readonly process: Timeline;
  readonly random: Random;
  readonly options: RequestOptions;
  perform(): Promise<ConsulReply<unknown>>;
  /** Calls off what still goes on for nobody. */
  readonly over: AbortController | null;
}

class Request {
  readonly #sending: Sending;
  readonly #world: World;
  readonly #consul: Consul;
  #resolve: (reply: ConsulReply<unknown>) => void = () => {};
  #cancelDeadline: () => void = () => {};

  constructor(sending: Sending, world: World, consul: Consul) {
    this.#sending = sending;
    this.#world = world;
    this.#consul = consul;
  }

  send(onRequest: () => void): Promise<ConsulReply<unknown>> {
    const { line, process, random, options } = this.#sending;
    if (process.isEnded) return never();
    onRequest();
    if (process.isEnded) return never();
    const { deadlineMs, signal } = options;
    const callOff = (): void => this.#end({ kind: 'silence', reason: 'the request was called off' });
    if (signal?.aborted === true) return Promise.resolve({ kind: 'silence', reason: 'the request was called off' });
    this.#cancelDeadline = process.after(deadlineMs, () =>
      this.#end({ kind: 'silence', reason: `no answer within ${Math.round(deadlineMs)} ms` }));
    signal?.addEventListener('abort', callOff, { once: true });
    const replied = new Promise<ConsulReply<unknown>>((resolve) => {
      this.#resolve = (reply) => {
        signal?.removeEventListener('abort', callOff);
        resolve(reply);
      };
    });
    const isLost = [...line.lossy].some((lossy) => lossy.random.chance(lossy.lose));
    if (!isLost) this.#later(this.#consul.delayMs(line, random), () => this.#arrive());
    return replied;
  }

  #arrive(): void {
    const { line, random } = this.#sending;
    if (line.requestsCut > 0) return;
    if (!this.#consul.hasLeader) return this.#reply(this.#consul.refusal);
    const isTwice = [...line.lossy].some((lossy) => lossy.random.chance(lossy.twice));
    void this.#carryOut();
    if (isTwice) this.#later(this.#consul.delayMs(line, random) + 1, () => void this.#carryOut());
  }

  async #carryOut(): Promise<void> {
    const reply = await this.#sending.perform();
    this.#reply(this.#consul.hasLeader ? reply : this.#consul.refusal);
  }

  #reply(reply: ConsulReply<unknown> | null): void {
    const { line, process, random } = this.#sending;
    if (reply === null) return;
    if ([...line.lossy].some((lossy) => lossy.random.chance(lossy.loseAnswer))) return;
    this.#later(this.#consul.delayMs(line, random), () => {
      if (line.answersCut === 0) process.deliver(() => this.#end(reply));
    });
  }

  #end(reply: ConsulReply<unknown>): void {
    this.#cancelDeadline();
    // With a reason of its own: making the usual one is dear.
    this.#sending.over?.abort('over');
    this.#resolve(reply);
  }

  #later(ms: number, happen: () => void): void {
    if (ms === 0) happen();
    else this.#world.after(ms, happen);
  }
}
