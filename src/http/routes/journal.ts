// How much the journal holds and where it lies.
import type { App, RouteContext } from '../route-context.ts';
import { ErrorBody, JournalCompaction, JournalInfo, JournalLimits } from '../schemas.ts';
import { requireToken } from '../security.ts';

export function journalRoutes(app: App, { inspector, token }: RouteContext): void {
  app.get(
    '/v1/journal',
    { schema: { tags: ['events'], summary: 'Size and place of the journal', response: { 200: JournalInfo } } },
    () => inspector.journal(),
  );

  app.post(
    '/v1/journal/compact',
    {
      schema: {
        tags: ['operator'],
        summary: 'Removes old records now; those that a restart needs stay',
        security: [{ operatorToken: [] }],
        body: JournalLimits,
        response: { 200: JournalCompaction, 400: ErrorBody, 401: ErrorBody },
      },
      onRequest: (request, _reply, done) => {
        requireToken(token, request);
        done();
      },
    },
    (request) => {
      const { by, ...limits } = request.body;
      request.log.info({ data: { by, ...limits } }, 'somebody removes old records from the journal');
      return inspector.compactJournal(limits);
    },
  );
}
