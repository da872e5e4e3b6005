// What Consul's statuses mean for the port. A refusal of the token is told apart from an outage.
import type { Refused, Unknown } from '../../src/ports/outcome.ts';
import { refused, unknown } from '../../src/ports/outcome.ts';
import type { ConsulAnswer, ConsulReply } from './api.ts';

/** `ok`: a status below 300, a 404 or a 409: the caller reads it. All else has one meaning for all verbs. */
export type Sorted<Body> = { readonly kind: 'ok'; readonly answer: ConsulAnswer<Body> } | Refused | Unknown;

export function sortReply<Body>(reply: ConsulReply<Body>): Sorted<Body> {
  if (reply.kind === 'silence') return unknown(`consul: ${reply.reason}`);
  const { status, text } = reply;
  const explained = text === '' ? '' : `: ${text}`;
  if (status === 403 || status === 401 || isTokenRefusal(text)) return tokenRefused(text);
  if (reply.filtered) return refused('consul hides keys that the token may not read', 'forbidden');
  if (status >= 500 || status === 429) return unknown(`consul answers ${status}${explained}`);
  if (!reply.knownLeader) return unknown('consul knows no leader');
  if (status < 300 || status === 404 || status === 409) return { kind: 'ok', answer: reply };
  return refused(`consul refuses the request with ${status}${explained}`, 'invalid');
}

export const isTokenRefusal = (text: string): boolean => /permission denied|acl not found/i.test(text);

export const tokenRefused = (text: string): Refused =>
  refused(`consul refuses the token${text === '' ? '' : `: ${text}`}`, 'forbidden');

export const unexpected = (answer: ConsulAnswer<unknown>): Unknown =>
  unknown(`consul gives an answer that cannot be read: status ${answer.status}`);
