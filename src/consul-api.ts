// The requests to Consul that a configuration describes, with the secrets of its files.
import { readFile } from 'node:fs/promises';
import type { ConsulApi } from '../adapters/consul/api.ts';
import { httpApi } from '../adapters/consul/http.ts';
import type { Config } from './config/config.ts';
import { defined } from './defined.ts';

/** Throws what reading a file throws. */
export async function consulApiOf({ consul }: Config): Promise<ConsulApi> {
  const text = async (file: string | undefined) => (file === undefined ? undefined : await readFile(file, 'utf8'));
  const [token, ca, cert, key] = await Promise.all(
    [consul.tokenFile, consul.caFile, consul.certFile, consul.keyFile].map(text),
  );
  const tls = defined({ ca, cert, key, servername: consul.serverName });
  return httpApi({
    url: consul.url,
    ...defined({ token: token?.trim(), datacenter: consul.datacenter }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  });
}
