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
  const texts = [...connections.values()].flatMap((text) => listIn(text, path));
  return [...new Set(texts)].flatMap((text) => {
    const [, ip, port] = /^(\S+) (\d+)$/.exec(text) ?? [];
    return ip === undefined ? [] : [{ ip, port: Number(port) }];
  });
}

function listIn(text: string, path: string): readonly string[] {
  try {
    const connected: unknown = JSON.parse(text);
    const list = typeof connected === 'object' && connected !== null ? (Reflect.get(connected, path) as unknown) : [];
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}
