// Liveness and readiness, for whatever restarts the daemon and whatever waits for it.
import type { App, RouteContext } from '../route-context.ts';
import { Health } from '../schemas.ts';

export function healthRoutes(app: App, { inspector }: RouteContext): void {
  const schema = (summary: string) => ({ tags: ['health'], summary, response: { 200: Health, 503: Health } });

  const livez = schema('Whether the daemon goes on; 503 says that only a new start helps');
  app.get('/livez', { schema: livez }, (_request, reply) => {
    const health = inspector.health();
    reply.code(health.live ? 200 : 503);
    return health;
  });

  app.get('/readyz', { schema: schema('Whether this node takes part; 503 says why not') }, (_request, reply) => {
    const health = inspector.health();
    reply.code(health.live && health.ready ? 200 : 503);
    return health;
  });
}
