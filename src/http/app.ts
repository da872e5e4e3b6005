// The inspector: builds the Fastify app. Routes validate and ask the InspectorPort; nothing here decides.
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import type { InspectorPort } from '../ports/inspector.ts';
import { BoardFeed } from './board-feed.ts';
import type { App, HttpLimits, RouteContext } from './route-context.ts';
import { answerError, answerNotFound } from './error-handler.ts';
import { EventStreams } from './event-stream.ts';
import { actorRoutes } from './routes/actors.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { journalRoutes } from './routes/journal.ts';
import { machineRoutes } from './routes/machines.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { openapiRoutes } from './routes/openapi.ts';
import { operatorRoutes } from './routes/operator.ts';
import { pageRoutes } from './routes/page.ts';
import { servingRoutes } from './routes/serving.ts';
import { guard } from './security.ts';
import { validatorCompiler } from './validation.ts';

export interface HttpOptions {
  readonly inspector: InspectorPort;
  /** What operators must send as bearer token. Null: nobody may change anything over HTTP. */
  readonly token: string | null;
  readonly log: FastifyBaseLogger;
  readonly limits?: Partial<HttpLimits>;
}

const defaultLimits: HttpLimits = {
  bodyBytes: 64 * 1024,
  streams: 64,
  streamBacklogBytes: 1024 * 1024,
  heartbeatMs: 10_000,
  boardMs: 200,
};

/** Not listening yet: see listen.ts. `inject` works on it. */
export function buildHttp({ inspector, token, log, limits: changed = {} }: HttpOptions): App {
  const limits = { ...defaultLimits, ...changed };
  const app: App = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    // To receive a request, not to answer it: live streams stay open.
    requestTimeout: 10_000,
    frameworkErrors: answerError,
  })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(validatorCompiler)
    // The schemas describe the answers; they must never drop a field from one.
    .setSerializerCompiler(() => (data) => JSON.stringify(data))
    .setErrorHandler(answerError)
    .setNotFoundHandler(answerNotFound);
  // Other content types could be sent by a foreign page without asking first.
  app.removeContentTypeParser('text/plain');
  guard(app, inspector);

  const streams = new EventStreams(limits, log);
  const boards = new BoardFeed(inspector, limits, log);
  app.addHook('preClose', (done) => {
    boards.close();
    streams.closeAll();
    done();
  });
  registerRoutes(app, { inspector, token, limits, streams, boards });
  return app;
}

function registerRoutes(app: App, context: RouteContext): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'pathwarden inspector', version: context.inspector.version },
      components: { securitySchemes: { operatorToken: { type: 'http', scheme: 'bearer' } } },
    },
  });
  // Registered as a plugin so that the routes exist after the document generator listens for them.
  app.register(async (scope) => {
    const typed: App = scope.withTypeProvider<TypeBoxTypeProvider>();
    const all = [
      healthRoutes,
      metricsRoutes,
      actorRoutes,
      operatorRoutes,
      eventRoutes,
      machineRoutes,
      clusterRoutes,
      journalRoutes,
      servingRoutes,
      openapiRoutes,
      pageRoutes,
    ];
    for (const routes of all) routes(typed, context);
  });
}
