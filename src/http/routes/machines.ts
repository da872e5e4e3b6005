// The machines that run here, as data and as diagrams.
import { Type } from 'typebox';
import { PathwardenError } from '../../errors.ts';
import type { App, RouteContext } from '../route-context.ts';
import { ErrorBody, MachineInfo } from '../schemas.ts';

const Params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 128, examples: ['disk-path'] }) });
const Format = Type.Object({
  format: Type.Optional(Type.Union(
    [Type.Literal('json'), Type.Literal('mermaid')],
    { description: 'json when left out' },
  )),
});

export function machineRoutes(app: App, { inspector }: RouteContext): void {
  app.get(
    '/v1/machines',
    {
      schema: {
        tags: ['machines'],
        summary: 'Names of the machines',
        response: { 200: Type.Immutable(Type.Array(Type.String())) },
      },
    },
    () => inspector.machines(),
  );

  app.get(
    '/v1/machines/:name',
    {
      schema: {
        tags: ['machines'],
        summary: 'Definition, graph and Mermaid diagram',
        params: Params,
        querystring: Format,
        response: { 200: Type.Union([MachineInfo, Type.String()]), 404: ErrorBody },
      },
    },
    (request, reply) => {
      const { name } = request.params;
      const machine = inspector.machine(name);
      if (machine === undefined) {
        throw new PathwardenError(
          'NOT_FOUND',
          `There is no machine "${name}"; /v1/machines lists them.`,
          { machine: name },
        );
      }
      if (request.query.format !== 'mermaid') return machine;
      reply.type('text/plain; charset=utf-8');
      return machine.mermaid;
    },
  );
}
