// What Consul says now, as this node last saw it: once, and live.
import type { App, RouteContext } from '../route-context.ts';
import { ClusterSummary } from '../schemas.ts';

export function clusterRoutes(app: App, { inspector, streams, boards }: RouteContext): void {
  app.get(
    '/v1/cluster',
    { schema: { tags: ['cluster'], summary: 'Nodes, disks, paths and exclusions', response: { 200: ClusterSummary } } },
    () => inspector.cluster(),
  );

  app.get(
    '/v1/stream',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['cluster'],
        summary: 'Server-Sent Events: `board` at a change (at most 5 a second), `record`, `pulse` every second',
      },
    },
    (request, reply) => boards.add(streams.open(request, reply)),
  );
}
