// Who is connected to which path, as each node writes it down for whoever takes the path over. Nothing but a hint.
import type { Endpoint } from '../ports/dataplane.ts';
import type { ClusterView } from './view.ts';

/** By path, `disk/index`: each peer as `ip port`. */
export type Connected = Readonly<Record<string, readonly string[]>>;

/** Always the same text for the same connections. */
export const connectedText = (connected: Connected): string =>
  JSON.stringify(Object.fromEntries(Object.entries(connected).toSorted(([one], [other]) => (one < other ? -1 : 1))));

/** Whom any node had on this path when it last wrote. What cannot be understood is nothing. */
export function leftBehind({ connections }: Pick<ClusterView, 'connections'>, path: string): readonly Endpoint[] {
  const texts = [...connections.values()].flatMap((text) => peersOf(connectedIn(text), path));
  return [...new Set(texts)].flatMap((text) => {
    const peer = peerIn(text);
    return peer === null ? [] : [peer];
  });
}

/** IPs of the peers of this path: they keep it when they connect again. */
export const peerIps = (connected: object, path: string): ReadonlySet<string> =>
  new Set(peersOf(connected, path).flatMap((text) => peerIn(text)?.ip ?? []));

/** What a node wrote, by path. What cannot be understood is nothing. */
export function connectedIn(text: string | undefined): object {
  try {
    const connected: unknown = JSON.parse(text ?? '{}');
    return typeof connected === 'object' && connected !== null ? connected : {};
  } catch {
    return {};
  }
}

function peersOf(connected: object, path: string): readonly string[] {
  const list = Reflect.get(connected, path) as unknown;
  return Array.isArray(list) ? list.map(String) : [];
}

function peerIn(text: string): Endpoint | null {
  const [, ip, port] = /^(\S+) (\d+)$/.exec(text) ?? [];
  return ip === undefined ? null : { ip, port: Number(port) };
}
