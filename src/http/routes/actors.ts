// Actors of this node: the list, one of them, and why it is where it is.
import { Type } from 'typebox';
import { PathwardenError } from '../../errors.ts';
import { actorShapes, idFrom } from '../actor-url.ts';
import type { App, RouteContext } from '../route-context.ts';
import { ActorView, ErrorBody, Explanation } from '../schemas.ts';

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
      { schema: { tags: ['actors'], summary: 'One actor', params, response: { 200: ActorView, 404: ErrorBody } } },
      (request) => inspector.actor(idFrom(request.params)) ?? noActor(idFrom(request.params)),
    );
    app.get(
      `${url}/explain`,
      {
        schema: {
          tags: ['actors'],
          summary: 'Why the actor is where it is, walked back to the first cause',
          params,
          response: { 200: Explanation, 404: ErrorBody },
        },
      },
      async (request) => (await inspector.explain(idFrom(request.params))) ?? noActor(idFrom(request.params)),
    );
  }
}

function noActor(id: string): never {
  throw new PathwardenError(
    'NOT_FOUND',
    `There is no actor "${id}" on this node; /v1/actors lists them.`,
    { actor: id },
  );
}
