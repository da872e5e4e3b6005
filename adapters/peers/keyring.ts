// The key that all nodes share, and while it is being replaced a second one. Read again now and then.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PathwardenError } from '../../src/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';

export interface KeyFiles {
  readonly keyFile: string;
  /** While this file exists, messages by its key are taken as well. */
  readonly previousKeyFile?: string;
}

export interface Keyring {
  /** The first one signs; messages by any of them are taken. */
  keys(): readonly [KeyObject, ...KeyObject[]];
}

interface KeyringSettings extends KeyFiles {
  readonly clock: Clock;
  /** The files changed and cannot be used; the keys of before stay. Said once for each reason. */
  readonly onTrouble: (reason: string) => void;
}

const readAgainMs = 5000;
const keyBytesMin = 32;

/** Throws `CONFIG_INVALID` for a key that is missing, too short, or can be read by others. */
export async function openKeyring(settings: KeyringSettings): Promise<Keyring> {
  const { clock, onTrouble } = settings;
  let keys = await readKeys(settings);
  let readAtMs = clock.monotonicMs();
  let trouble = '';
  const readAgain = async (): Promise<void> => {
    try {
      keys = await readKeys(settings);
      trouble = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== trouble) onTrouble(reason);
      trouble = reason;
    }
  };
  return {
    keys() {
      if (clock.monotonicMs() - readAtMs >= readAgainMs) {
        readAtMs = clock.monotonicMs();
        void readAgain();
      }
      return keys;
    },
  };
}

async function readKeys({ keyFile, previousKeyFile }: KeyFiles): Promise<readonly [KeyObject, ...KeyObject[]]> {
  const key = await readKey(keyFile);
  if (key === null) throw unfit(keyFile, 'does not exist');
  const previous = previousKeyFile === undefined ? null : await readKey(previousKeyFile);
  return previous === null ? [key] : [key, previous];
}

/** Null when there is no such file. */
async function readKey(file: string): Promise<KeyObject | null> {
  const text = await privateText(file).catch((cause: unknown) => {
    if (cause instanceof PathwardenError) throw cause;
    if (Reflect.get(Object(cause), 'code') === 'ENOENT') return null;
    throw unfit(file, 'cannot be read by the daemon', cause);
  });
  if (text === null) return null;
  const isKey = /^([0-9a-fA-F]{2})+$/.test(text) && text.length >= keyBytesMin * 2;
  if (!isKey) {
    throw unfit(file, `does not hold ${String(keyBytesMin)} bytes or more in hex; openssl rand -hex 32 makes them`);
  }
  return createSecretKey(text, 'hex');
}

async function privateText(file: string): Promise<string> {
  await using handle = await open(file);
  const { mode } = await handle.stat();
  if ((mode & 0o077) !== 0) throw unfit(file, `can be read by others; chmod 600 ${file}`);
  return (await handle.readFile('utf8')).trim();
}

const unfit = (file: string, why: string, cause?: unknown): PathwardenError =>
  new PathwardenError('CONFIG_INVALID', `The key file of the peers, ${file}, ${why}.`, { file }, { cause });
