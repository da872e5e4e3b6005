// The live board: made once per change however many look at it, at most every `boardMs`. Records come along in
// the same stream, because browsers open only a handful of connections to one host.
import type { FastifyBaseLogger } from 'fastify';
import type { InspectorPort } from '../ports/inspector.ts';
import type { JournalRecord } from '../ports/journal.ts';
import type { EventStream } from './event-stream.ts';
import type { Board, Pulse } from './schemas.ts';

const pulseMs = 1000;

export class BoardFeed {
  readonly #inspector: InspectorPort;
  readonly #boardMs: number;
  readonly #log: FastifyBaseLogger;
  readonly #streams = new Set<EventStream>();
  #stopFollowing: (() => void) | null = null;
  #pulse: NodeJS.Timeout | null = null;
  #wait: NodeJS.Timeout | null = null;
  #isDue = false;

  constructor(inspector: InspectorPort, limits: { readonly boardMs: number }, log: FastifyBaseLogger) {
    this.#inspector = inspector;
    this.#boardMs = limits.boardMs;
    this.#log = log;
  }

  /** The stream gets a board now and at every change, and a pulse every second. */
  add(stream: EventStream): void {
    this.#streams.add(stream);
    stream.onEnd(() => this.#remove(stream));
    this.#safely(() => stream.send('board', this.#boardJson()));
    this.#stopFollowing ??= this.#follow();
    this.#pulse ??= setInterval(() => this.#safely(() => this.#sendPulse()), pulseMs);
  }

  close(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = null;
    if (this.#pulse !== null) clearInterval(this.#pulse);
    if (this.#wait !== null) clearTimeout(this.#wait);
    this.#pulse = null;
    this.#wait = null;
  }

  #remove(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.close();
  }

  #follow(): () => void {
    const stopChanges = this.#inspector.onChange(() => this.#changed());
    const stopRecords = this.#inspector.follow((record) => this.#safely(() => this.#sendRecord(record)));
    return () => {
      stopChanges();
      stopRecords();
    };
  }

  /** Called from timers and from the commit loop: a page that somebody looks at must not stop the daemon. */
  #safely(act: () => void): void {
    try {
      act();
    } catch (err) {
      this.#log.error({ err }, 'live board could not be made');
    }
  }

  /** Those who must see every record use `/v1/events/stream`; here one that is behind skips some. */
  #sendRecord(record: JournalRecord): void {
    const json = JSON.stringify(record);
    for (const stream of this.#streams) if (!stream.isBehind) stream.send('record', json, record.seq);
  }

  #changed(): void {
    this.#isDue = true;
    this.#wait ??= setTimeout(() => {
      this.#wait = null;
      if (this.#isDue) this.#safely(() => this.#sendBoard());
    }, this.#boardMs);
  }

  #sendBoard(): void {
    this.#isDue = false;
    const json = this.#boardJson();
    for (const stream of this.#streams) {
      // A board replaces the one before: a client that is behind skips to the newest instead of piling them up.
      if (stream.isBehind) this.#isDue = true;
      else stream.send('board', json);
    }
  }

  #sendPulse(): void {
    const inspector = this.#inspector;
    const { index, ageMs, trouble } = inspector.cluster();
    const at = inspector.replay?.until ?? Date.now();
    const pulse: Pulse = { at, health: inspector.health(), index, ageMs, trouble };
    const json = JSON.stringify(pulse);
    for (const stream of this.#streams) stream.send('pulse', json);
    if (this.#isDue) this.#changed();
  }

  #boardJson(): string {
    const inspector = this.#inspector;
    const board: Board = {
      at: inspector.replay?.until ?? Date.now(),
      version: inspector.version,
      health: inspector.health(),
      cluster: inspector.cluster(),
      actors: inspector
        .actors()
        .map(({ id, machine, state, description, tags, since }) => ({ id, machine, state, description, tags, since })),
    };
    return JSON.stringify(board);
  }
}
