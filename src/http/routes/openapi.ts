// The description of this interface, made from the schemas of its routes.
import type { App } from '../route-context.ts';

export function openapiRoutes(app: App): void {
  app.get('/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
