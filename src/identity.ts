// Who this daemon is: an instance id per state directory, a boot id per boot, an operator token per node.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Made once per state directory, so that a restart is told from a second daemon of the same name. */
export const instanceId = (stateDir: string): Promise<string> =>
  readOrMake(join(stateDir, 'instance'), () => randomUUID());

/** The token that operators send; only its owner can read the file. */
export const operatorToken = (file: string): Promise<string> =>
  readOrMake(file, () => randomBytes(32).toString('base64url'));

/** Changes with every boot of the host. */
export const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

async function readOrMake(file: string, make: () => string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  try {
    await writeFile(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
