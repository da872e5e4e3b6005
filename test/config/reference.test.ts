import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { configReference, describeConfig } from '../../src/config/reference.ts';

const committed = () => readFile(new URL('../../docs/reference/config.md', import.meta.url), 'utf8');

test('the committed reference is what the schema makes (when stale: npm run docs)', async () => {
  expect(await committed()).toBe(configReference());
});

test.each(describeConfig().map((setting) => [setting.key, setting] as const))(
  '%s has a description, says what fits, and has an example',
  (_key, setting) => {
    expect(setting.description).not.toBe('');
    expect(setting.fits).not.toBe('');
    expect(setting.example).not.toBeNull();
  },
);

test.each(describeConfig().filter(({ key }) => key.endsWith('Ms')).map((setting) => [setting.key, setting] as const))(
  '%s says what goes wrong when it is too small and too large',
  (_key, setting) => {
    expect(setting.tooSmall).not.toBeNull();
    expect(setting.tooLarge).not.toBeNull();
  },
);

test('every example in the reference is taken by the checks', () => {
  // Settings that need another one beside them.
  const tls = ['consul.certFile', 'consul.keyFile', 'consul.caFile', 'consul.serverName'];
  const peers = ['peers.listen', 'peers.advertise', 'peers.keyFile', 'peers.previousKeyFile'];
  const paired = new Set([...tls, ...peers, 'ceph.mapOptions']);
  const refused = describeConfig().filter(({ key, example }) => {
    const text = key.split('.').reduceRight((inner, name) => `{ ${name}: ${inner} }`, example ?? '');
    return !paired.has(key) && !isTaken(text);
  });
  expect(refused).toEqual([]);
});

function isTaken(text: string): boolean {
  try {
    parseConfig(text, 'example.yaml');
    return true;
  } catch {
    return false;
  }
}
