// The one place where an error becomes an answer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PathwardenError } from '../errors.ts';
import type { ErrorBody } from './schemas.ts';

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof PathwardenError) {
    send(reply, error.httpStatus, { code: error.code, message: error.message, facts: error.facts });
    return;
  }
  const status = clientStatus(error);
  if (status !== null && error instanceof Error) {
    send(reply, status, { code: 'REQUEST_INVALID', message: error.message, facts: {} });
    return;
  }
  // The log has the whole story; the caller gets the number to find it by and nothing of the inside.
  request.log.error({ err: error, method: request.method, url: request.url }, 'request failed');
  const internal = new PathwardenError('INTERNAL', 'pathwarden made a mistake; its log says more.');
  send(reply, internal.httpStatus, { code: internal.code, message: internal.message, facts: { request: request.id } });
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const what = `${request.method} ${request.url.split('?', 1)[0] ?? ''}`;
  answerError(new PathwardenError('NOT_FOUND', `There is nothing at ${what}; see /v1/openapi.json.`), request, reply);
}

/** The status that Fastify gives a request that it refuses itself (too large, no JSON, bad URL); null for others. */
function clientStatus(error: unknown): number | null {
  const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}

function send(reply: FastifyReply, status: number, body: ErrorBody): void {
  void reply.code(status).type('application/json; charset=utf-8').send(body);
}
