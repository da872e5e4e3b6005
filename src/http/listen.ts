// Opens the inspector's port, and says whose it is when it is taken.
import { PathwardenError } from '../errors.ts';
import type { App } from './route-context.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const probeMs = 1000;

/** Answers the URL it listens on. Throws `PORT_IN_USE`, or `CONFIG_INVALID` for an address this machine cannot bind. */
export async function listen(app: App, address: ListenAddress): Promise<string> {
  try {
    return await app.listen({ host: address.host, port: address.port });
  } catch (cause) {
    throw await explained(cause, address);
  }
}

async function explained(cause: unknown, { host, port }: ListenAddress): Promise<unknown> {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  if (code === 'EADDRINUSE') {
    const node = await nodeAt(host, port);
    const whose = node === null ? 'another program' : `the pathwarden of node "${node}"`;
    const text = `The inspector cannot listen on ${host} port ${port}: ${whose} has it. Stop it or take another port.`;
    return new PathwardenError('PORT_IN_USE', text, { host, port, node }, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND') {
    const why = code === 'EACCES' ? 'this user may not open that port' : 'this machine does not have that address';
    const text = `The inspector cannot listen on ${host} port ${port}: ${why}.`;
    return new PathwardenError('CONFIG_INVALID', text, { host, port }, { cause });
  }
  return cause;
}

/** The node whose inspector answers there; null when nobody does, or something else. */
async function nodeAt(host: string, port: number): Promise<string | null> {
  try {
    const url = `http://${reachable(host)}:${port}/v1/cluster`;
    const response = await fetch(url, { signal: AbortSignal.timeout(probeMs) });
    const body: unknown = await response.json();
    const node: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'node') : undefined;
    return typeof node === 'string' ? node : null;
  } catch {
    return null;
  }
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
