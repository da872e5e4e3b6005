// Actors of this node: the list, one of them, and why it is where it is.
import { Type } from 'typebox';
import { PathwardenError } from '../../errors.ts';
import { actorShapes, idFrom } from '../actor-url.ts';
import type { App, RouteContext } from '../route-context.ts';
import { ActorView, ErrorBody, Explanation, TakeOver } from '../schemas.ts';

const Filter = Type.Object({
  prefix: Type.Optional(Type.String({
    maxLength: 256,
    description: 'Ids that start with it',
    examples: ['path/00001/'],
  })),
  tag: Type.Optional(Type.String({
    maxLength: 64,
    description: 'Actors whose state has this tag',
    examples: ['serving'],
  })),
});

const AtSeq = Type.Object({
  at: Type.Optional(Type.Integer({ minimum: 1, description: 'Seq of the record; rebuilt from the journal' })),
});
const AtTime = Type.Object({
  at: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Wall clock, milliseconds since 1970; now when left out' }),
  ),
});

export function actorRoutes(app: App, { inspector }: RouteContext): void {
  const schema = {
    tags: ['actors'],
    summary: 'Actors of this node',
    querystring: Filter,
    response: { 200: Type.Immutable(Type.Array(ActorView)) },
  };
  app.get('/v1/actors', { schema }, (request) => {
    const { prefix = '', tag } = request.query;
    return inspector
      .actors()
      .filter((actor) => actor.id.startsWith(prefix) && (tag === undefined || actor.tags.includes(tag)));
  });

  for (const { url, params } of actorShapes) {
    app.get(
      url,
      {
        schema: {
          tags: ['actors'],
          summary: 'One actor: now, or as it was right after an earlier record',
          params,
          querystring: AtSeq,
          response: { 200: ActorView, 404: ErrorBody },
        },
      },
      (request) => {
        const id = idFrom(request.params);
        const { at } = request.query;
        if (at === undefined) return inspector.actor(id) ?? noActor(id);
        const then = inspector.actorAt(id, at);
        return then.then((actor) => actor ?? noActor(id, ` up to record ${String(at)}`));
      },
    );
    app.get(
      `${url}/explain`,
      {
        schema: {
          tags: ['actors'],
          summary: 'Why the actor is where it is, walked back to the first cause',
          params,
          querystring: AtTime,
          response: { 200: Explanation, 404: ErrorBody },
        },
      },
      async (request) => {
        const id = idFrom(request.params);
        const { at } = request.query;
        return (await inspector.explain(id, at)) ?? noActor(id, at === undefined ? '' : ' at that time');
      },
    );
    app.get(
      `${url}/timeline`,
      {
        schema: {
          tags: ['actors'],
          summary: 'The phases of the last take-over of a path by this node',
          params,
          response: { 200: TakeOver, 404: ErrorBody },
        },
      },
      async (request) => {
        const id = idFrom(request.params);
        return (await inspector.timeline(id)) ?? neverTaken(id);
      },
    );
  }
}

function noActor(id: string, when = ''): never {
  throw new PathwardenError(
    'NOT_FOUND',
    `There is no actor "${id}" on this node${when}; /v1/actors lists them.`,
    { actor: id },
  );
}

function neverTaken(id: string): never {
  const text = `${id} was not taken by this node as far as its journal goes back.`;
  throw new PathwardenError('NOT_FOUND', text, { actor: id });
}
