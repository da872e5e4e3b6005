// How much the journal holds and where it lies.
import type { App, RouteContext } from '../route-context.ts';
import { JournalInfo } from '../schemas.ts';

export function journalRoutes(app: App, { inspector }: RouteContext): void {
  app.get(
    '/v1/journal',
    { schema: { tags: ['events'], summary: 'Size and place of the journal', response: { 200: JournalInfo } } },
    () => inspector.journal(),
  );
}
