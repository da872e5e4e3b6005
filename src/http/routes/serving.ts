// One path's health as a status code, for load balancers and probes.
import { Type } from 'typebox';
import { actorIds } from '../../core/records.ts';
import { PathwardenError } from '../../errors.ts';
import type { App, RouteContext } from '../route-context.ts';
import { ErrorBody, Serving } from '../schemas.ts';

const Params = Type.Object({
  disk: Type.String({ examples: ['00001'] }),
  index: Type.Integer({ minimum: 1, examples: [1] }),
});

export function servingRoutes(app: App, { inspector }: RouteContext): void {
  app.get(
    '/v1/paths/:disk/:index/serving',
    {
      schema: {
        tags: ['health'],
        summary: 'Whether this node serves the path',
        params: Params,
        response: { 200: Serving, 503: Serving, 404: ErrorBody },
      },
    },
    (request, reply) => {
      const { disk, index } = request.params;
      const actor = inspector.actor(actorIds.path(disk, index));
      if (actor === undefined) {
        throw new PathwardenError('NOT_FOUND', `This node knows no path ${index} of disk "${disk}".`, { disk, index });
      }
      const serving = actor.tags.includes('serving');
      reply.code(serving ? 200 : 503);
      return { serving, node: inspector.node, state: actor.state };
    },
  );
}
