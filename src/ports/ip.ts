// The same address can be written in several ways; these compare what is meant. Never by prefix or substring.
import { isIP, isIPv6 } from 'node:net';
import type { Endpoint } from './dataplane.ts';

/** The shortest spelling of an IPv6 address, without its zone; an IPv4 address as it is, also when mapped into IPv6. */
export function plainIp(ip: string): string {
  const bare = ip.replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return mapped ?? new URL(`http://[${bare}]/`).hostname.slice(1, -1);
}

export const sameIp = (one: string, other: string): boolean => plainIp(one) === plainIp(other);

export const samePortal = (one: Endpoint, other: Endpoint): boolean =>
  one.port === other.port && sameIp(one.ip, other.ip);

export const isWildcard = (ip: string): boolean => ip === '0.0.0.0' || plainIp(ip) === '::';

export const isLoopback = (ip: string): boolean => ip.startsWith('127.') || plainIp(ip) === '::1';

export const familyOf = (ip: string): 'ipv4' | 'ipv6' => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');
