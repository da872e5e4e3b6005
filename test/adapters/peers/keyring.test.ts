import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../adapters/clock/virtual.ts';
import { openKeyring, type Keyring } from '../../../adapters/peers/keyring.ts';

const [one, two] = ['1a'.repeat(32), '2b'.repeat(32)];
let folder = '';
let keyFile = '';
let previousKeyFile = '';
beforeEach(async () => {
  folder = await mkdtemp('/tmp/pathwarden-keys-');
  keyFile = join(folder, 'key');
  previousKeyFile = join(folder, 'previous');
});
afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, text: string, mode = 0o600) => writeFile(file, text, { mode });
const hex = (keyring: Keyring): readonly string[] => keyring.keys().map((key) => key.export().toString('hex'));

describe('a key file', () => {
  test.each([
    ['is missing', async () => {}, 'does not exist'],
    ['can be read by others', () => write(keyFile, one, 0o644), 'can be read by others; chmod 600'],
    ['can be read by the group', () => write(keyFile, one, 0o640), 'can be read by others; chmod 600'],
    ['is too short', () => write(keyFile, one.slice(2)), '32 bytes or more in hex'],
    ['is empty', () => write(keyFile, '\n'), '32 bytes or more in hex'],
    ['is no hex', () => write(keyFile, `z${one}`), '32 bytes or more in hex'],
    ['has half a byte too much', () => write(keyFile, `${one}a`), '32 bytes or more in hex'],
    ['has two lines', () => write(keyFile, `${one}\n${two}\n`), '32 bytes or more in hex'],
  ])('that %s is refused, and not repeated', async (_title, make, reason) => {
    await make();
    const opened = openKeyring({ keyFile, clock: virtualClock(), onTrouble: () => {} });
    const error: unknown = await opened.catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(reason) });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(one.slice(0, 8));
  });

  test('that ends with a line break, or is longer, is right', async () => {
    await write(keyFile, `${one}${two}\n`);
    expect(hex(await openKeyring({ keyFile, clock: virtualClock(), onTrouble: () => {} }))).toEqual([one + two]);
  });
});

describe('a key that is replaced while the daemon runs', () => {
  const clock = virtualClock();
  const troubles: string[] = [];
  let keyring: Keyring;
  beforeEach(async () => {
    troubles.length = 0;
    await write(keyFile, one);
    keyring = await openKeyring({
      keyFile,
      previousKeyFile,
      clock,
      onTrouble: (reason) => troubles.push(reason),
    });
  });
  const becomes = async (keys: readonly string[]): Promise<void> => {
    clock.advance(5000);
    await expect.poll(() => hex(keyring)).toEqual(keys);
  };

  test('is taken beside the old one first, then signs, then is alone', async () => {
    expect(hex(keyring)).toEqual([one]);
    await write(previousKeyFile, two);
    await becomes([one, two]);
    await rename(previousKeyFile, join(folder, 'new'));
    await rename(keyFile, previousKeyFile);
    await rename(join(folder, 'new'), keyFile);
    await becomes([two, one]);
    await rm(previousKeyFile);
    await becomes([two]);
    expect(troubles).toEqual([]);
  });

  test('and cannot be used changes nothing, and is said once', async () => {
    await chmod(keyFile, 0o644);
    clock.advance(5000);
    keyring.keys();
    await expect.poll(() => troubles).toHaveLength(1);
    expect(troubles[0]).toContain('chmod 600');
    clock.advance(5000);
    expect(hex(keyring)).toEqual([one]);
    await chmod(keyFile, 0o600);
    await write(previousKeyFile, two);
    await becomes([one, two]);
    expect(troubles).toHaveLength(1);
  });
});
