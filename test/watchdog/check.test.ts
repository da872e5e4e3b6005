// What the kernel says of a device decides whether it can be counted on; it is never opened for that.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkWatchdog } from '../../adapters/watchdog/check.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp('/tmp/pathwarden-watchdog-');
});
afterAll(() => rm(folder, { recursive: true }));

const magicClose = '0x8180';
let devices = 0;

/** A device of which the kernel says this. */
async function checked(facts: Readonly<Record<string, string>>, timeoutMs = 10_000) {
  devices += 1;
  const name = `watchdog${String(devices)}`;
  await mkdir(join(folder, 'class', name), { recursive: true });
  for (const [fact, value] of Object.entries(facts)) await writeFile(join(folder, 'class', name, fact), `${value}\n`);
  await writeFile(join(folder, name), '');
  return checkWatchdog(join(folder, name), timeoutMs, join(folder, 'class'));
}

const fact = { timeout: '10', identity: 'Software Watchdog', nowayout: '0', options: magicClose };

test('a device that resets in time, also when its holder dies, fits', async () => {
  const fits = { kind: 'fits', identity: 'Software Watchdog', warning: null };
  expect(await checked(fact)).toEqual(fits);
  expect(await checked({ ...fact, timeout: '8' })).toEqual(fits);
  expect(await checked({ ...fact, options: '0x8080', nowayout: '1' })).toEqual(fits);
});

test('a device that resets later than the arithmetic counts on does not fit', async () => {
  const check = await checked({ ...fact, timeout: '60' });
  const reason = 'after 60 s, and watchdog.timeoutMs is 10000';
  const { identity } = fact;
  expect(check).toMatchObject({ kind: 'unfit', identity, reason: expect.stringContaining(reason) });
});

test('a device that the death of its holder disarms does not fit', async () => {
  const check = await checked({ ...fact, options: '0x8080' });
  expect(check).toMatchObject({ kind: 'unfit', reason: expect.stringContaining('nowayout=1') });
});

test('a kernel that does not say what closing does is a doubt that is said', async () => {
  const check = await checked({ timeout: '10', identity: 'iTCO_wdt', nowayout: '0' });
  expect(check).toMatchObject({ kind: 'fits', warning: expect.stringContaining('the kernel does not say') });
});

test('of the software watchdog it is known what every kernel does', async () => {
  const check = await checked({ timeout: '10', identity: 'Software Watchdog', nowayout: '0' });
  expect(check).toMatchObject({ kind: 'fits', warning: null });
});

test('a device that is not there, or of which nothing is known, does not fit', async () => {
  expect(await checkWatchdog('/nonexistent/watchdog', 10_000, folder)).toMatchObject({ kind: 'unfit' });
  expect(await checked({})).toMatchObject({ kind: 'unfit', reason: expect.stringContaining('does not say when') });
});
