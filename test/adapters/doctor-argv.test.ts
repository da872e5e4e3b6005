// What the doctor runs, word for word: nothing in it changes anything.
import { describe, expect, test } from 'vitest';
import { imagesLook } from '../../adapters/backstore/look.ts';
import { systemHost } from '../../adapters/doctor/host.ts';
import { cephLook } from '../../adapters/fence/ceph-look.ts';
import { tgtLook } from '../../adapters/target/tgt-look.ts';
import { checkRules } from '../../adapters/traffic/nft.ts';
import { checkWatchdog } from '../../adapters/watchdog/check.ts';
import { done } from '../../src/ports/outcome.ts';
import { recordingRunner } from './recording-runner.ts';

test('tgtd is shown', async () => {
  const { run, asked } = recordingRunner();
  const tgt = tgtLook({ run, controlPort: 7 });
  await tgt.observe();
  await tgt.shownMegabytes();
  expect(asked.map(({ argv }) => argv)).toEqual([
    'tgtadm -C 7 --lld iscsi --mode portal --op show',
    'tgtadm -C 7 --lld iscsi --mode target --op show',
  ]);
});

test('images of Ceph are listed with their sizes', async () => {
  const list = 'rbd ls --long --format json';
  const keyless = '-1 auth: unable to find a keyring on /etc/ceph/c.keyring,: (2) No such file or directory\n';
  const rows = [{ image: 'one', size: 8 }, { image: 'one', snapshot: 'then', size: 4 }, { image: 'two', size: 16 }];
  const { run, asked } = recordingRunner({
    [`${list} rbd `]: { stdout: JSON.stringify(rows) },
    [`${list} odd `]: { stdout: '[{"image":"one"}]' },
    [`${list} none `]: { code: 2, stderr: 'rbd: error opening pool none: (2) No such file or directory' },
    [`${list} shut `]: { code: 1, stderr: 'rbd: error opening pool shut: (1) Operation not permitted' },
    [`${list} keyless `]: { code: 2, stderr: `${keyless}rbd: couldn't connect to the cluster!` },
    [`${list} open `]: { stdout: JSON.stringify(rows), stderr: keyless },
  });
  const inPool = (pool: string, more = {}) =>
    imagesLook({ run, conf: '/c', id: 'u' }).inPool({ kind: 'rbd', pool, image: 'one', ...more });
  expect(await inPool('rbd')).toEqual(done(new Map([['one', 8], ['two', 16]])));
  await inPool('rbd', { namespace: 'apart' });
  expect(asked.map(({ argv }) => argv)).toEqual([
    `${list} rbd --conf /c --id u`,
    `${list} rbd/apart --conf /c --id u`,
  ]);
  expect(await inPool('odd')).toMatchObject({ kind: 'unknown' });
  expect(await inPool('none')).toEqual({ kind: 'refused', code: 'gone', reason: 'there is no pool none' });
  expect(await inPool('shut')).toMatchObject({ kind: 'unknown' });
  // A key that is missing says nothing of a pool.
  expect(await inPool('keyless')).toMatchObject({ kind: 'unknown' });
  expect(await inPool('open')).toMatchObject({ kind: 'done' });
});

test('rules are checked', async () => {
  const { run, asked } = recordingRunner();
  await checkRules({ run }, { deadlineMs: 1000 });
  expect(asked.map(({ argv }) => argv)).toEqual(['nft --check -f -']);
  expect(asked[0]?.options.input).toMatch(/^add table inet pathwarden\n/);
});

test('Ceph is read', async () => {
  const dump = { epoch: 1, modified: '2026-01-01T00:00:00Z', blocklist: {}, osds: [] };
  const { run, asked } = recordingRunner({ 'ceph --conf /c --id u osd dump': { stdout: JSON.stringify(dump) } });
  const ceph = cephLook({ run, conf: '/c', id: 'u', nodes: { gw1: ['10.0.2.1'] } });
  await ceph.status();
  await ceph.blocklist();
  await ceph.silentOsds();
  await ceph.caps();
  expect(asked.map(({ argv }) => argv.replace('ceph --conf /c --id u ', ''))).toEqual([
    'status --format json',
    'osd blocklist ls --format json',
    'osd dump --format json',
    'tell osd.* dump_blocklist --format json',
    'auth get client.u --format json',
  ]);
});

describe('OSDs that do not say what they refuse', () => {
  const up = (id: number) => ({ osd: id, up: 1 });
  const silentOf = (osds: readonly object[], said: object) => {
    const dump = { epoch: 1, modified: '2026-01-01T00:00:00Z', blocklist: {}, osds };
    const asked = { 'ceph --conf /c --id u osd dump': { stdout: JSON.stringify(dump) } };
    const { run } = recordingRunner({ ...asked, 'ceph --conf /c --id u tell': said });
    return cephLook({ run, conf: '/c', id: 'u', nodes: {} }).silentOsds();
  };

  test.each([
    [{ stdout: 'osd.0: [][]\n\nosd.1: [][]\n' }, []],
    [{ code: 6, stdout: 'osd.0: [][]\n', stderr: 'Error ENXIO: osd.1' }, ['osd.1']],
    [{ stdout: 'osd.0: [][]\n\nosd.1: [oops]\n' }, ['osd.1']],
  ])('among two that answer %j: %j', async (said, silent) => {
    expect(await silentOf([up(0), up(1)], said)).toEqual(done(silent));
  });

  test('the only one answers without its name, or did not', async () => {
    expect(await silentOf([up(4)], { stdout: '\n[][]' })).toEqual(done([]));
    const trouble = { code: 13, stderr: 'Error EACCES: problem getting command descriptions from osd.4' };
    expect(await silentOf([up(4)], trouble)).toMatchObject({
      kind: 'refused', reason: expect.stringContaining('EACCES'),
    });
  });
});

test('caches and volumes are listed', async () => {
  const { run, asked } = recordingRunner();
  const images = imagesLook({ run, conf: '/c', id: 'u' });
  await images.uncached({ kind: 'rbd', pool: 'rbd', image: 'one' });
  await images.volumes();
  expect(asked.map(({ argv }) => argv)).toEqual([
    'rbd config image list --format json rbd/one --conf /c --id u',
    'lvs --options vg_name,lv_name,lv_size --units b --nosuffix --reportformat json',
  ]);
});

test.each([
  ['fails', { code: 5, stderr: '  Failed to load config file /etc/lvm/lvm.conf' }],
  ['does not end', 'unknown'],
  ['says something else', { stdout: '{"report":[{"lv":[{}]}]}' }],
  ['gives a size in words', { stdout: '{"report":[{"lv":[{"vg_name":"a","lv_name":"b","lv_size":"4.00m"}]}]}' }],
] as const)('an lvs that %s says nothing of what volumes there are', async (_, lvs) => {
  const { run } = recordingRunner({ lvs });
  expect(await imagesLook({ run, conf: '/c', id: 'u' }).volumes()).toMatchObject({ kind: 'unknown' });
});

test('the host is looked at, and a fence agent is asked to describe itself', async () => {
  const { run, asked } = recordingRunner();
  const host = systemHost({ run, watchdog: checkWatchdog });
  await host.links();
  await host.clockSynchronised();
  await host.fenceAgent('fence_ipmilan');
  expect(asked.map(({ argv }) => argv)).toEqual([
    'ip -j addr show',
    'timedatectl show --property=NTPSynchronized --value',
    'chronyc -n tracking',
    'fence_ipmilan',
  ]);
  expect(asked.at(-1)?.options.input).toBe('action=metadata\n');
});
