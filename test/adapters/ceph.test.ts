// What the ceph fence asks, in which order, and that only whole answers are proof. The answers are those of 16.2.15.
import { afterEach, describe, expect, test } from 'vitest';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cephClientsHere } from '../../adapters/fence/ceph-clients.ts';
import { cephStorageFence } from '../../adapters/fence/ceph-clear.ts';
import { cephFence } from '../../adapters/fence/ceph.ts';
import { done, unknown } from '../../src/ports/outcome.ts';
import { recordingRunner } from './recording-runner.ts';

const patience = { deadlineMs: 1000 };
const victim = { node: 'gw2', session: 's' };
const nodes = { gw1: ['10.0.0.1'], gw2: ['10.0.0.2', '2001:DB8:0::2'], here: ['127.0.0.1'] };
const conf = '/etc/ceph/ceph.conf';
const ceph = `ceph --conf ${conf} --id pathwarden`;
const until = '2031-11-20T10:29:11.026405+0000';

const osd = (id: number, up: number) => ({ osd: id, up, in: 1, state: up === 1 ? ['exists', 'up'] : ['exists'] });
const dumpOf = (over: object = {}): string =>
  `\n${JSON.stringify({
    epoch: 29,
    modified: '2026-11-21T10:29:12.432172+0000',
    osds: [osd(0, 1), osd(1, 1), osd(2, 0)],
    blocklist: { '10.0.0.2:0/0': until, '[2001:db8::2]:0/0': until, '10.0.0.1:0/427069046': until },
    range_blocklist: {},
    ...over,
  })}`;
const entry = (addr: string): string =>
  `{"entity_addr_t":{"type":"any","addr":"${addr}","nonce":0},"expire_time":"${until}"}`;
const refuses = `[${entry('10.0.0.2:0')},${entry('[2001:db8::2]:0')}][]`;
const told = `\nosd.0: ${refuses}\n\nosd.1: ${refuses}\n`;

type Answers = NonNullable<Parameters<typeof recordingRunner>[0]>;
const dump = `${ceph} osd dump`;
const tell = `${ceph} tell osd.* dump_blocklist`;

function fenceWith(answers: Answers = {}) {
  const recording = recordingRunner({ [dump]: { stdout: dumpOf() }, [tell]: { stdout: told }, ...answers });
  const settings = { run: recording.run, conf, id: 'pathwarden', nodes };
  return { fence: (node = victim.node) => cephFence(settings).fence({ ...victim, node }, patience), recording };
}

describe('the ceph fence', () => {
  test('adds each address, has the OSDs fetch the map, and asks each of them', async () => {
    const { fence, recording } = fenceWith();
    expect(await fence()).toEqual({
      kind: 'done',
      value: { evidence: 'all 2 OSDs that are up refuse 10.0.0.2:0/0 and [2001:db8::2]:0/0 by epoch 29' },
    });
    expect(recording.asked.map(({ argv }) => argv)).toEqual([
      `${ceph} osd blocklist add 10.0.0.2:0/0 157680000`,
      `${ceph} osd blocklist add [2001:db8::2]:0/0 157680000`,
      `${ceph} tell osd.* get_latest_osdmap`,
      `${ceph} tell osd.* dump_blocklist --format json`,
      `${ceph} osd dump --format json`,
    ]);
  });

  test('understands a cluster of one OSD, which answers without its name', async () => {
    const answers = { [dump]: { stdout: dumpOf({ osds: [osd(4, 1)] }) }, [tell]: { stdout: `\n${refuses}` } };
    expect(await fenceWith(answers).fence()).toMatchObject({ kind: 'done' });
    const ofTwo = { [dump]: { stdout: dumpOf() }, [tell]: { stdout: `\n${refuses}` } };
    expect(await fenceWith(ofTwo).fence()).toMatchObject({ kind: 'refused' });
  });

  test('adds nothing for a node without addresses, nor an address of this host', async () => {
    const { fence, recording } = fenceWith();
    for (const node of ['gw9', 'constructor']) {
      expect(await fence(node)).toEqual({ kind: 'refused', reason: `no address of node ${node} is configured` });
    }
    expect(await fence('here')).toEqual({
      kind: 'refused',
      reason: '127.0.0.1 is configured for node here, and this host has it',
    });
    expect(recording.asked).toEqual([]);
  });

  const only = (...entries: readonly string[]) => ({
    [dump]: { stdout: dumpOf({ blocklist: Object.fromEntries(entries.map((each) => [each, until])) }) },
  });
  const osd1 = (answer: string): Answers => ({ [tell]: { stdout: `osd.0: ${refuses}\n\nosd.1: ${answer}\n` } });
  const silent = { [tell]: { code: 6, stdout: `osd.0: ${refuses}\n`, stderr: 'Error ENXIO: osd.1' } };
  const soon = { [dump]: { stdout: dumpOf({ modified: '2031-11-01T00:00:00.000000+0000' }) } };
  const refusals: readonly (readonly [string, Answers, string])[] = [
    ['adding fails', { [`${ceph} osd blocklist add [`]: { code: 13, stderr: 'Error EACCES' } }, 'Error EACCES'],
    ['the map cannot be read', { [dump]: { code: 1, stderr: 'no' } }, 'exit code 1'],
    ['an entry is missing', only('10.0.0.2:0/0'), '[2001:db8::2]:0/0 is not blocklisted in epoch 29'],
    ['one client is meant', only('10.0.0.2:0/7', '[2001:db8::2]:0/0'), '10.0.0.2:0/0 is not blocklisted'],
    ['an entry ends soon', soon, '10.0.0.2:0/0 is too short: it stood in the blocklist before'],
    ['no OSD is up', { [dump]: { stdout: dumpOf({ osds: [osd(0, 0)] }) } }, 'no OSD is up'],
    ['an OSD does not answer', silent, 'osd.1 did not say that it refuses'],
    ['an OSD knows one entry of two', osd1(`[${entry('10.0.0.2:0')}][]`), 'osd.1 did not say'],
    ['an OSD has them among the ranges', osd1(`[]${refuses}`), 'osd.1 did not say'],
    ['an answer is cut off', osd1(refuses.slice(0, -20)), 'osd.1 did not say'],
    ['the program is missing', { [ceph]: 'missing' }, 'ceph is not installed (Debian package ceph-common)'],
  ];

  test.each(refusals)('is no proof when %s', async (_, answers, reason) => {
    expect(await fenceWith(answers).fence()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  const doubts: readonly (readonly [string, Answers])[] = [
    ['adding', { [`${ceph} osd blocklist add 10`]: 'unknown' }],
    ['urging the OSDs', { [`${ceph} tell osd.* get_latest_osdmap`]: 'unknown' }],
    ['asking the OSDs', { [tell]: 'unknown' }],
    ['reading the map', { [dump]: 'unknown' }],
    ['reading a map that is cut off', { [dump]: { stdout: dumpOf().slice(0, -9) } }],
    ['reading a map without times', { [dump]: { stdout: dumpOf({ modified: null }) } }],
    ['reading a map with an odd OSD', { [dump]: { stdout: dumpOf({ osds: [osd(0, 1), { osd: 1 }] }) } }],
    ['reading a map without entries', { [dump]: { stdout: dumpOf({ blocklist: [] }) } }],
  ];

  test.each(doubts)('leaves it unknown when nobody can say how %s ended', async (_, answers) => {
    expect(await fenceWith(answers).fence()).toMatchObject({ kind: 'unknown' });
  });
});

const list = `${ceph} osd blocklist ls`;
const own = ['10.0.0.2:0/0', '[2001:db8::2]:0/0'];
const listOf = (...addrs: readonly string[]): string =>
  `\n${JSON.stringify(addrs.map((addr) => ({ addr, until })))}${JSON.stringify([{ range: '10.7.0.0:0/24', until }])}`;
const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true });
});

/** A host with these files in `/proc` and `/sys`. */
async function hostWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await mkdtemp('/tmp/pathwarden-root-');
  roots.push(root);
  for (const [file, text] of Object.entries({ 'proc/self/mounts': '/dev/sda1 / ext4 rw 0 0\n', ...files })) {
    await mkdir(dirname(`${root}/${file}`), { recursive: true });
    await writeFile(`${root}/${file}`, text);
  }
  return root;
}

async function storageOf(
  node: string,
  answers: Answers = {},
  files: Readonly<Record<string, string>> = {},
  here: Parameters<typeof cephStorageFence>[2] = {},
) {
  const recording = recordingRunner({ [list]: { stdout: listOf(...own, '10.0.0.1:0/427069046') }, ...answers });
  const settings = { run: recording.run, conf, id: 'pathwarden', nodes };
  return { storage: cephStorageFence(settings, node, { root: await hostWith(files), ...here }), recording };
}

describe('the storage fence of Ceph, as the node sees it,', () => {
  test('sees its own entries, and not those of others or of single clients', async () => {
    expect(await (await storageOf('gw2')).storage.observe(patience)).toEqual({ kind: 'done', value: { refused: own } });
    expect(await (await storageOf('gw1')).storage.observe(patience)).toEqual({ kind: 'done', value: { refused: [] } });
  });

  test('removes each of its own, and says so only when it has read that it is gone', async () => {
    const { storage, recording } = await storageOf('gw2');
    expect(await storage.ensureCleared(patience)).toEqual({
      kind: 'refused', reason: '10.0.0.2:0/0 is blocklisted again or still',
    });
    expect(recording.asked.map(({ argv }) => argv)).toEqual([
      `${list} --format json`,
      `${ceph} osd blocklist rm 10.0.0.2:0/0`,
      `${ceph} osd blocklist rm [2001:db8::2]:0/0`,
      `${list} --format json`,
    ]);
  });

  test('removes nothing when there is nothing', async () => {
    const { storage, recording } = await storageOf('gw1');
    expect(await storage.ensureCleared(patience)).toEqual({ kind: 'done', value: { removed: [] } });
    expect(recording.asked.map(({ argv }) => argv)).toEqual([`${list} --format json`]);
  });

  const open: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['/dev/rbd0', { 'sys/bus/rbd/devices/0/name': 'd1' }],
    ['/dev/nbd1', { 'sys/block/nbd0/size': '0', 'sys/block/nbd1/pid': '77\n', 'proc/77/comm': 'rbd-nbd\n' }],
    ['/dev/nbd1', { 'sys/block/nbd1/pid': '78\n' }],
    ['rbd/one (rbd-nbd, process 80)', {
      'proc/80/comm': 'rbd-nbd\n', 'proc/80/cmdline': 'rbd-nbd\0--id\0gw\0map\0rbd/one\0',
    }],
    ['rbd/one (rbd-nbd, process 81)', {
      'proc/81/comm': 'rbd-nbd\n', 'proc/81/cmdline': 'rbd-nbd\0map\0rbd/one\0--key\0AQ/secret\0',
    }],
    ['/mnt/images', { 'proc/self/mounts': '10.0.2.9:6789:/ /mnt/images ceph rw 0 0\n' }],
  ];

  test.each(open)('removes nothing while %s is open: the kernel may hold old writes', async (name, files) => {
    const { storage, recording } = await storageOf('gw2', {}, files);
    expect(await storage.ensureCleared(patience)).toMatchObject({
      kind: 'refused', reason: `${name} is still mapped or mounted here from Ceph: unmap it first`,
    });
    expect(recording.asked.map(({ argv }) => argv)).toEqual([`${list} --format json`]);
  });

  test('removes nothing while the target has an image open, nor when it cannot be asked', async () => {
    const image = 'rbd/one of target iqn.a:b';
    const held = await storageOf('gw2', {}, {}, { openInTarget: async () => done([image]) });
    expect(await held.storage.ensureCleared(patience)).toMatchObject({
      kind: 'refused', reason: `tgtd still has ${image} open: delete that LUN first`,
    });
    const silent = await storageOf('gw2', {}, {}, { openInTarget: async () => unknown('tgtd cannot be read') });
    expect(await silent.storage.ensureCleared(patience)).toEqual({ kind: 'refused', reason: 'tgtd cannot be read' });
    for (const { recording } of [held, silent]) {
      expect(recording.asked.map(({ argv }) => argv)).toEqual([`${list} --format json`]);
    }
  });

  test('does not mind the devices of others', async () => {
    const client = {
      'sys/block/nbd1/pid': '79\n', 'proc/79/comm': 'nbd-client\n', 'proc/80/comm': 'rbd-nbd\n',
      'proc/80/cmdline': 'rbd-nbd\0unmap\0/dev/nbd0\0',
    };
    const root = await hostWith({ ...client, 'sys/block/sda/size': '1' });
    expect(await cephClientsHere(root)).toEqual({ kind: 'done', value: [] });
    expect(await cephClientsHere('/nowhere')).toMatchObject({ kind: 'unknown' });
  });

  test.each([
    { [list]: 'unknown' }, { [list]: { code: 1, stderr: 'no' } }, { [list]: { stdout: '[' } },
    { [list]: { stdout: '[{}]' } }, { [list]: { stdout: '{}' } },
  ] as Answers[])(
    'takes no failed read for an empty list: %j',
    async (answers) => {
      const { storage, recording } = await storageOf('gw2', answers);
      const reason = expect.stringContaining('blocklist cannot be read');
      expect(await storage.observe(patience)).toMatchObject({ kind: 'unknown', reason });
      // Nothing was removed, and nothing is on its way: that is known.
      expect(await storage.ensureCleared(patience)).toMatchObject({ kind: 'refused', reason });
      expect(recording.asked.map(({ argv }) => argv)).toEqual([`${list} --format json`, `${list} --format json`]);
    },
  );

  test('knows that no removal is under way once its command has ended, even if the list cannot be read', async () => {
    const { run, asked } = recordingRunner({ [list]: { stdout: listOf(...own) } });
    const blind: typeof run = async (argv, options) => {
      const result = await run(argv, options);
      const isLast = asked.length > 3;
      return isLast ? { kind: 'unknown', reason: 'no answer', command: result.command, durationMs: 1 } : result;
    };
    const storage = cephStorageFence({ run: blind, conf, id: 'pathwarden', nodes }, 'gw2', { root: await hostWith() });
    expect(await storage.ensureCleared(patience)).toMatchObject({ kind: 'refused' });
    expect(asked).toHaveLength(4);
  });

  test('leaves it unknown when nobody can say whether an entry was removed', async () => {
    const { storage } = await storageOf('gw2', { [`${ceph} osd blocklist rm`]: 'unknown' });
    expect(await storage.ensureCleared(patience)).toMatchObject({ kind: 'unknown' });
    const denied = await storageOf('gw2', { [`${ceph} osd blocklist rm`]: { code: 13, stderr: 'Error EACCES' } });
    expect(await denied.storage.ensureCleared(patience)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('EACCES'),
    });
  });
});
