// What every request and answer goes through: headers, the Host check, the operator's token.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { PathwardenError } from '../errors.ts';
import type { InspectorPort, ReplayInfo } from '../ports/inspector.ts';
import type { App } from './route-context.ts';

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function guard(app: App, { replay }: Pick<InspectorPort, 'replay'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    const wrongHost = refusedHost(boundAddress(app), request.headers.host);
    done(wrongHost ?? (replay === null ? undefined : refusedChange(replay, request)));
  });
}

/** Before any token is asked for: a replay has none. */
function refusedChange({ file, until }: ReplayInfo, { method }: FastifyRequest): PathwardenError | undefined {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return undefined;
  const text =
    `This is a replay of ${file} up to ${new Date(until).toISOString()}: nothing runs here that could be told ` +
    'anything. Ask the inspector of the node itself.';
  return new PathwardenError('NOT_ACCEPTED', text, { file, until });
}

/**
 * Bound to loopback, only loopback names are answered: a foreign page whose name was made to point at 127.0.0.1
 * still sends its own name as Host.
 */
export function refusedHost(bound: string | null, host: string | undefined): PathwardenError | null {
  if (bound === null || !isLoopback(bound) || isLoopback(nameIn(host ?? ''))) return null;
  return new PathwardenError(
    'REQUEST_INVALID',
    `The inspector is bound to ${bound} and answers to loopback names only, not to "${host ?? ''}".`,
    { host: host ?? '', bound },
  );
}

/** Throws `NOT_AUTHORISED`. Takes the same time for every wrong token. */
export function requireToken(token: string | null, request: FastifyRequest): void {
  if (token === null) {
    throw new PathwardenError('NOT_AUTHORISED', 'Operator events are off here: no operator token is configured.');
  }
  const sent = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (sent === undefined) {
    throw new PathwardenError('NOT_AUTHORISED', 'Send the operator token: "authorization: Bearer <token>".');
  }
  if (!timingSafeEqual(digest(sent), digest(token))) {
    throw new PathwardenError('NOT_AUTHORISED', 'The operator token is wrong.');
  }
}

function boundAddress(app: App): string | null {
  const address = app.server.address();
  return address === null || typeof address === 'string' ? null : address.address;
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));

const nameIn = (host: string): string =>
  (host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':', 1)[0] ?? '')).toLowerCase();

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
