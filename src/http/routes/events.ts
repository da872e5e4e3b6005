// The journal as people and programs read it: a range, and live.
import { Type } from 'typebox';
import type { InspectorPort } from '../../ports/inspector.ts';
import type { JournalRecord as Entry } from '../../ports/journal.ts';
import type { App, RouteContext } from '../route-context.ts';
import type { EventStream } from '../event-stream.ts';
import { JournalRecord } from '../schemas.ts';
import { requestInvalid } from '../validation.ts';

const pageSize = 500;
/** Records that may come in while a client catches up. */
const aheadLimit = 10_000;

const seq = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));
const actor = Type.Optional(Type.String({ maxLength: 256, description: 'Records of this actor only' }));

const Range = Type.Object({
  actor,
  from: seq('First seq, inclusive'),
  to: seq('Last seq, inclusive'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: '100 when left out' })),
  newest: Type.Optional(Type.Boolean({ description: 'Newest first' })),
});

const Live = Type.Object({ actor, from: seq('Begin here instead of with the next record') });

export function eventRoutes(app: App, { inspector, streams }: RouteContext): void {
  app.get(
    '/v1/events',
    {
      schema: {
        tags: ['events'],
        summary: 'Records of the journal',
        querystring: Range,
        response: { 200: Type.Immutable(Type.Array(JournalRecord)) },
      },
    },
    (request) => {
      const { newest = false, limit = 100, ...range } = request.query;
      return inspector.events({ ...range, limit, newestFirst: newest });
    },
  );

  app.get(
    '/v1/events/stream',
    {
      exposeHeadRoute: false,
      schema: { tags: ['events'], summary: 'Records as they are committed (Server-Sent Events)', querystring: Live },
    },
    async (request, reply) => {
      const from = resumeFrom(request.headers['last-event-id'], request.query.from);
      const stream = streams.open(request, reply);
      try {
        await follow(inspector, stream, request.query.actor, from);
      } catch (err) {
        // The answer has begun: all that is left is to end it. The client comes back and says where it was.
        request.log.error({ err, url: request.url }, 'live stream could not catch up');
        stream.close();
      }
    },
  );
}

/** A client that reconnects says what it saw last; that wins over what its URL asked for at first. */
function resumeFrom(lastEventId: string | string[] | undefined, from: number | undefined): number | null {
  if (lastEventId === undefined || lastEventId === '') return from ?? null;
  if (typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId)) return Number(lastEventId) + 1;
  throw requestInvalid('header', [
    { keyword: 'type', instancePath: '/last-event-id', params: {}, message: 'must be a seq' },
  ]);
}

/** Listens first and reads the past second, so that no record falls between; each is sent once, in order. */
async function follow(
  inspector: InspectorPort,
  stream: EventStream,
  actorId: string | undefined,
  from: number | null,
): Promise<void> {
  let sentUpTo = 0;
  let ahead: Entry[] | null = [];
  const send = (record: Entry): void => {
    sentUpTo = record.seq;
    stream.send('record', JSON.stringify(record), record.seq);
  };
  const stop = inspector.follow((record) => {
    if (actorId !== undefined && record.actor !== actorId) return;
    if (ahead === null) send(record);
    else if (ahead.push(record) > aheadLimit) stream.drop();
  });
  stream.onEnd(stop);
  if (from !== null) await catchUp(inspector, stream, actorId, from, send);
  for (const record of ahead) if (record.seq > sentUpTo) send(record);
  ahead = null;
}

async function catchUp(
  inspector: InspectorPort,
  stream: EventStream,
  actorId: string | undefined,
  from: number,
  send: (record: Entry) => void,
): Promise<void> {
  let next = from;
  while (!stream.ended) {
    const query = { from: next, limit: pageSize, ...(actorId === undefined ? {} : { actor: actorId }) };
    const page = await inspector.events(query);
    for (const record of page) send(record);
    if (page.length < pageSize) return;
    next = (page.at(-1)?.seq ?? next) + 1;
    await stream.drained();
  }
}
