// What may be taken for a TCP connection. It comes from others, and must not mean anything else to a program.
import { isIP } from 'node:net';
import type { Connection, Endpoint } from '../../src/ports/dataplane.ts';
import { refused } from '../../src/ports/outcome.ts';

export const isConnection = ({ portal, peer }: Connection): boolean =>
  [portal, peer].every(isEndpoint) && isIP(portal.ip) === isIP(peer.ip);

export const noConnection = refused('this is no connection');

const isEndpoint = ({ ip, port }: Endpoint): boolean =>
  isIP(ip) !== 0 && /^[\da-f.:]+$/i.test(ip) && Number.isInteger(port) && port > 0 && port < 65_536;
