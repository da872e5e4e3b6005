import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { loadTolerantly, mistakesOf } from '../../src/config/tolerant.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-tolerant-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const file = join(folder, 'pathwarden.yaml');
  await writeFile(file, text);
  const { config, error, read } = await loadTolerantly(file);
  return { config, read, keys: error === null ? [] : mistakesOf(error).map(({ key }) => key) };
}

test('a file without mistakes is what the daemon would get', async () => {
  const text = 'node: { name: gw1 }\nconsul: { prefix: gateways/ }\n';
  expect(await load(text)).toEqual({ config: parseConfig(text, 'x'), read: 'read', keys: [] });
});

test('what is wrong is left out, and everything else stands', async () => {
  const { config, keys } = await load(`
node: { name: gw1, stateDirectory: /srv/state }
session: { ttlMs: 5 }
consul: { prefix: gateways/ }
dataPlane: { kind: memory }
exclusion:
  methods:
    - { method: self, waitMs: 1 }
    - { method: magic }
    - { method: fenceAgent, agent: fence_apc, parameters: { plug: "{node}" } }
`);
  expect(keys).toEqual(['node.stateDirectory', 'session.ttlMs', 'exclusion.methods.1.method']);
  expect(config).toMatchObject({
    node: { name: 'gw1', stateDir: '/var/lib/pathwarden' },
    session: { ttlMs: 20_000 },
    consul: { prefix: 'gateways/' },
    dataPlane: { kind: 'memory' },
    exclusion: { methods: [{ method: 'self' }, { agent: 'fence_apc' }] },
  });
});

test('a method with several mistakes goes alone', async () => {
  const { config, keys } = await load(`
exclusion:
  methods:
    - { method: ceph, nodes: 5, conf: ceph.conf }
    - { method: self, waitMs: -1 }
    - { method: command, argv: [/bin/fence, "{node}"] }
`);
  expect(keys.length).toBeGreaterThan(2);
  expect(config.exclusion.methods).toMatchObject([{ method: 'command' }]);
});

test('what no longer fits without it goes, too', async () => {
  const { config, keys } = await load('peers: { listen: "10.0.0.1:7481", keyFile: 7 }\nnode: { name: gw1 }\n');
  expect(keys).toContain('peers.keyFile');
  expect(config).toMatchObject({ node: { name: 'gw1' } });
  expect(config.peers.listen).toBeUndefined();
});

test('of a rule that two settings break together, enough goes for the rest to stand', async () => {
  const { config, keys } = await load('session: { ttlMs: 10000, marginMs: 9000 }\nhttp: { port: 7999 }\n');
  expect(keys).toEqual(['session.marginMs']);
  expect(config).toMatchObject({ session: { ttlMs: 10_000, marginMs: 2500 }, http: { port: 7999 } });
});

test('of what is no YAML nothing stands but the defaults', async () => {
  const { config, keys } = await load('node: {name: gw1\n');
  expect(keys).toContain('(file)');
  expect(config.dataPlane.kind).toBe('tgt');
});

test('a file that is missing is told from one that may not be read, and from one that cannot', async () => {
  expect(await loadTolerantly(join(folder, 'none.yaml'))).toMatchObject({ read: 'missing' });
  expect(await loadTolerantly(folder)).toMatchObject({ read: 'failed' });
  const file = join(folder, 'closed.yaml');
  await writeFile(file, 'node: { name: gw1 }');
  await chmod(file, 0o000);
  // Root reads everything.
  expect((await loadTolerantly(file)).read).toBe(process.getuid?.() === 0 ? 'read' : 'mayNot');
});
