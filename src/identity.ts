// Who this daemon is: an instance id per state directory, a boot id per boot, a place on its host, an operator token.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/** Made once per state directory, so that a restart is told from a second daemon of the same name. */
export const instanceId = (stateDir: string): Promise<string> =>
  readOrMake(join(stateDir, 'instance'), () => randomUUID());

/** The token that operators send; only its owner can read the file. */
export const operatorToken = (file: string): Promise<string> =>
  readOrMake(file, () => randomBytes(32).toString('base64url'));

/** Changes with every boot of the host. */
export const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

/**
 * Boot id and network namespace: whoever runs there sees the addresses that this process sees. Null when another
 * process has the node name there: then this one may not be alone. The name is held until the process ends, by a
 * socket that only the kernel knows of, so that neither a crash nor a wiped disk leaves it taken.
 */
export async function claimPlace(node: string): Promise<{ readonly place: string | null; release(): void }> {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false)).once('listening', () => resolve(true));
  server.listen({ path: `\0pathwarden node ${node}`, exclusive: true });
  server.unref();
  const isAlone = await promise;
  const place = isAlone ? `${await bootId()} ${await readlink('/proc/self/ns/net')}` : null;
  return { place, release: () => void server.close() };
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  try {
    await writeFile(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
