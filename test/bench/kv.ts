// What the bench itself asks of Consul: plain requests, no client of ours.
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 48 });

export interface KvRow {
  readonly Key: string;
  readonly Session?: string;
  readonly ModifyIndex: number;
  readonly Value: string | null;
}

export type Entry = readonly [key: string, value: string];

/** The parsed answer; null for a 404. Throws for anything but 2xx and 404. */
export function ask<T>(method: 'GET' | 'PUT' | 'DELETE', url: string, body = ''): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const { statusCode: status = 0 } = response;
        if (status === 404) resolve(null);
        else if (status >= 300) reject(new Error(`${method} ${url}: ${String(status)} ${text}`));
        else resolve(JSON.parse(text) as T);
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

export const listKeys = async (consul: string, prefix: string): Promise<readonly KvRow[]> =>
  (await ask<readonly KvRow[]>('GET', `${consul}/v1/kv/${prefix}?recurse&consistent`)) ?? [];

/** Consul takes 64 operations in one transaction in every version. */
export async function putKeys(consul: string, entries: readonly Entry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += 64) {
    const operations = entries.slice(start, start + 64).map(([Key, value]) => ({
      KV: { Verb: 'set', Key, Value: Buffer.from(value).toString('base64') },
    }));
    await ask('PUT', `${consul}/v1/txn`, JSON.stringify(operations));
  }
}

export async function openSession(consul: string, name: string): Promise<string> {
  const spec = { Name: name, LockDelay: '0s', Behavior: 'release', TTL: '600s' };
  return (await ask<{ ID: string }>('PUT', `${consul}/v1/session/create`, JSON.stringify(spec)))?.ID ?? '';
}

export const closeSession = async (consul: string, session: string): Promise<void> =>
  void (await ask('PUT', `${consul}/v1/session/destroy/${session}`));
