// The one way in for operators. Authenticated, schema-checked, journaled with who and why.
import { PathwardenError } from '../../errors.ts';
import { actorShapes, idFrom } from '../actor-url.ts';
import type { App, RouteContext } from '../route-context.ts';
import { isDiskActor, mistakesOf, OperatorBody } from '../operator-events.ts';
import { ErrorBody, PostAccepted, PostRefused } from '../schemas.ts';
import { requireToken } from '../security.ts';
import { requestInvalid, validatorCompiler } from '../validation.ts';

export function operatorRoutes(app: App, { inspector, token }: RouteContext): void {
  for (const { url, params } of actorShapes) {
    app.route<{ Body: OperatorBody; Params: { kind: string; name?: string; index?: string } }>({
      method: 'POST',
      url: `${url}/events`,
      schema: {
        tags: ['operator'],
        summary: 'Tells an actor an operator event',
        security: [{ operatorToken: [] }],
        params,
        body: OperatorBody,
        response: { 202: PostAccepted, 400: ErrorBody, 401: ErrorBody, 404: ErrorBody, 409: PostRefused },
      },
      validatorCompiler: (route) => (route.httpPart === 'body' ? checkBody : validatorCompiler(route)),
      onRequest: (request, _reply, done) => {
        requireToken(token, request);
        done();
      },
      handler: async (request, reply) => {
        const id = idFrom(request.params);
        const { by, reason, waitMs = 0, ...event } = request.body;
        const mayBeNew = event.type === 'operator.add' && isDiskActor(id);
        if (!mayBeNew && inspector.actor(id) === undefined) {
          throw new PathwardenError('NOT_FOUND', `There is no actor "${id}" on this node.`, { actor: id });
        }
        const result = await inspector.post(id, event, { by, reason }, waitMs);
        return reply.code(result.accepted ? 202 : 409).send(result);
      },
    });
  }
}

function checkBody(body: unknown): { value: unknown } | { error: Error } {
  const mistakes = mistakesOf(body);
  return mistakes.length === 0 ? { value: body } : { error: requestInvalid('body', mistakes) };
}
