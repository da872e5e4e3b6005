// Figures for Prometheus.
import type { App, RouteContext } from '../route-context.ts';
import { prometheusText } from '../prometheus.ts';

export function metricsRoutes(app: App, { inspector }: RouteContext): void {
  const schema = { tags: ['health'], summary: 'Figures in the Prometheus text format' };
  app.get('/metrics', { schema }, (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(prometheusText(inspector.metrics())),
  );
}
