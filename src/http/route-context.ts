// What every route is given.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InspectorPort } from '../ports/inspector.ts';
import type { BoardFeed } from './board-feed.ts';
import type { EventStreams } from './event-stream.ts';

export interface HttpLimits {
  readonly bodyBytes: number;
  /** Live streams open at once. One more is answered with LIMIT_EXCEEDED. */
  readonly streams: number;
  /** Bytes that may wait for one client of a live stream before it is dropped. */
  readonly streamBacklogBytes: number;
  /** Silence after which a stream says that it is alive, milliseconds. */
  readonly heartbeatMs: number;
  /** Least time between two boards on `/v1/stream`, milliseconds. */
  readonly boardMs: number;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes share. */
export interface RouteContext {
  readonly inspector: InspectorPort;
  readonly token: string | null;
  readonly limits: HttpLimits;
  readonly streams: EventStreams;
  readonly boards: BoardFeed;
}
