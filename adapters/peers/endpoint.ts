// `10.0.0.1:7481` and `[fd00::1]:7481`.
import { isIP } from 'node:net';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** Null for what is no address; host names are none. */
export function parseEndpoint(address: string): Endpoint | null {
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  const ip = bracketed ?? plain ?? '';
  const family = bracketed === undefined ? 4 : 6;
  return isIP(ip) === family && port <= 65_535 ? { ip, port, family } : null;
}

export const endpointText = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
