// Server-Sent Events: bounded per client, bounded in number, alive when silent.
import type { ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { PathwardenError } from '../errors.ts';

export interface StreamLimits {
  readonly streams: number;
  readonly streamBacklogBytes: number;
  readonly heartbeatMs: number;
}

/** All open streams of one app. */
export class EventStreams {
  readonly #limits: StreamLimits;
  readonly #log: FastifyBaseLogger;
  readonly #open = new Set<EventStream>();

  constructor(limits: StreamLimits, log: FastifyBaseLogger) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Throws `LIMIT_EXCEEDED`. From here on the stream answers the request. */
  open(request: FastifyRequest, reply: FastifyReply): EventStream {
    if (this.#open.size >= this.#limits.streams) {
      throw new PathwardenError('LIMIT_EXCEEDED', `${this.#limits.streams} live streams are open; close one first.`, {
        limit: 'streams',
        value: this.#limits.streams,
      });
    }
    reply.hijack();
    reply.raw.writeHead(200, { ...outgoing(reply), 'content-type': 'text/event-stream; charset=utf-8' });
    const client = { client: request.ip, url: request.url };
    const stream = new EventStream(reply.raw, this.#limits, (backlogBytes) => {
      this.#log.warn({ ...client, backlogBytes }, 'live stream dropped: the client reads too slowly');
    });
    this.#open.add(stream);
    stream.onEnd(() => this.#open.delete(stream));
    return stream;
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close();
  }
}

/** One client. Ends when the client leaves, the app closes or the backlog overflows. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #limits: StreamLimits;
  readonly #overflowed: (backlogBytes: number) => void;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(response: ServerResponse, limits: StreamLimits, overflowed: (backlogBytes: number) => void) {
    this.#response = response;
    this.#limits = limits;
    this.#overflowed = overflowed;
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), limits.heartbeatMs);
    this.onEnd(() => clearInterval(this.#heartbeat));
    this.#write('retry: 1000\n\n');
  }

  get ended(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Bytes wait for the client: what can be skipped should be. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain;
  }

  onEnd(listener: () => void): void {
    this.#response.once('close', listener);
  }

  /** Resolves when everything sent so far has left, or the stream ended. */
  async drained(): Promise<void> {
    if (this.ended || !this.isBehind) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#response.once('drain', resolve).once('close', resolve);
    await promise;
    this.#response.off('drain', resolve).off('close', resolve);
  }

  /** `json` is one JSON text without line ends, as JSON.stringify makes it. */
  send(event: string, json: string, id?: number): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`);
  }

  close(): void {
    this.#response.end();
  }

  /** The client cannot keep up. It may come back and say where it was. */
  drop(): void {
    if (this.ended) return;
    this.#overflowed(this.#response.writableLength);
    this.#response.destroy();
  }

  #write(text: string): void {
    if (this.ended) return;
    this.#response.write(text);
    if (this.#response.writableLength > this.#limits.streamBacklogBytes) this.drop();
  }
}

/** The headers that hooks have set, which a hijacked answer would lose. */
function outgoing(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}
