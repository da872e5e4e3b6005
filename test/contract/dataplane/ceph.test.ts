// A real Ceph: what was written by the lost node's clients is refused, and everybody else writes on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cephStorageFence } from '../../../adapters/fence/ceph-clear.ts';
import { cephLook } from '../../../adapters/fence/ceph-look.ts';
import { cephFence } from '../../../adapters/fence/ceph.ts';
import { memoryStorageFence } from '../../../adapters/fence/memory-clear.ts';
import { unguarded } from '../../../adapters/memory-faults.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner } from '../../../adapters/run.ts';
import { done } from '../../../src/ports/outcome.ts';
import { type CephCluster, cephMissing, startCeph } from './ceph-cluster.ts';
import { storageFenceContract } from './storage-fence.ts';

const run = createRunner();
const patience = { deadlineMs: 30_000 };
const nodes = { n2: ['127.0.0.2'], n3: ['127.0.0.3', '2001:db8::3'], n4: ['127.0.0.4'], n5: ['127.0.0.5'] };
/** What ESHUTDOWN is to a Ceph client: it is blocklisted. */
const blocklisted = 108;
/** May fence everybody, and clear nobody but itself. */
const ownCaps = (...entries: readonly string[]): readonly string[] => {
  const clears = entries.map((entry) => `allow command "osd blocklist" with blocklistop=rm addr="${entry}"`);
  return ['mon', [String(caps[1]), ...clears].join(', '), 'osd', 'allow *'];
};
const caps = ['mon', 'allow r, allow command "osd blocklist" with blocklistop=add', 'osd', 'allow *'];

const network = memoryNetwork();
storageFenceContract('the memory twin', () => ({
  refuse: (node) => Promise.resolve(void network.refused.add(node)),
  seenBy: (node) => memoryStorageFence(network, node, unguarded),
}));

interface Pool {
  readonly poolname: string;
  readonly poolnum: number;
}

interface Group {
  readonly info: { readonly last_update: string };
}

// Without Debian's packages there is nothing real to run.
describe.skipIf(cephMissing())('the ceph fence', () => {
  let ceph: CephCluster;
  const fenceAs = (id: string) => cephFence({ run, conf: ceph.conf, id, nodes });
  const fence = (node: string) => fenceAs('fence').fence({ node, session: '0b1c-77' }, patience);
  const listed = async (): Promise<string> => ceph.must('ceph', 'osd', 'blocklist', 'ls');

  /** The number of the last write to a pool of one placement group, as its OSD knows it. */
  const lastWriteIn = async (pool: string): Promise<string> => {
    const pools = JSON.parse(await ceph.must('ceph', 'osd', 'lspools', '--format', 'json')) as readonly Pool[];
    const id = pools.find(({ poolname }) => poolname === pool)?.poolnum;
    const group = JSON.parse(await ceph.must('ceph', 'tell', `${id}.0`, 'query', '--format', 'json')) as Group;
    return group.info.last_update;
  };

  beforeAll(async () => {
    ceph = await startCeph();
    await ceph.addUser('fence', caps);
    await ceph.addUser('n2', ownCaps('127.0.0.2:0/0'));
    await ceph.addUser('n3', ownCaps('127.0.0.3:0/0', '[2001:db8::3]:0/0'));
  }, 90_000);
  afterAll(() => ceph?.close());

  test('ends the writes of the lost node and of nobody else, and proves it however often it is asked', async () => {
    await ceph.must('ceph', 'osd', 'pool', 'create', 'lone', '1');
    for (const image of ['lone/lost', 'rbd/shared']) await ceph.must('rbd', 'create', image, '--size', '64');
    const lost = await ceph.startWriter('lone/lost', '127.0.0.2');
    const other = await ceph.startWriter('rbd/shared', '127.0.0.9');
    const evidence = /^all 2 OSDs that are up refuse 127\.0\.0\.2:0\/0 by epoch \d+$/;
    const proven = { kind: 'done', value: { evidence: expect.stringMatching(evidence) } };
    expect(await fence('n2')).toMatchObject(proven);
    const lastWrite = await lastWriteIn('lone');
    expect(await lost.ended).toBe(blocklisted);
    expect(await fence('n2')).toMatchObject(proven);
    expect(await lastWriteIn('lone')).toBe(lastWrite);
    expect(await Promise.race([other.ended, Promise.resolve('writes')])).toBe('writes');
    await ceph.must('rbd', 'bench', '--io-type', 'write', '--io-total', '64K', 'shared');
    other.stop();
    expect((await listed()).trim().split('\n')).toEqual([expect.stringMatching(/^127\.0\.0\.2:0\/0 20\d\d-/)]);
  }, 40_000);

  test('refuses a client that the lost node starts anew, until somebody clears it', async () => {
    const again = ceph.startWriter('shared', '127.0.0.2');
    await expect(again).rejects.toThrow('the writer is not at 127.0.0.2');
    await ceph.must('ceph', 'osd', 'blocklist', 'rm', '127.0.0.2:0/0');
    const cleared = await ceph.startWriter('shared', '127.0.0.2');
    cleared.stop();
  }, 40_000);

  const seenBy = (node: string, id = node) => cephStorageFence({ run, conf: ceph.conf, id, nodes }, node);

  storageFenceContract('Ceph', () => ({
    refuse: async (node) => {
      const fenced = await fence(node);
      if (fenced.kind !== 'done') throw new Error(fenced.reason);
    },
    seenBy: (node) => seenBy(node),
  }));

  test('lets a node that was cleared write again, which may clear itself and nobody else', async () => {
    expect(await fence('n2')).toMatchObject({ kind: 'done' });
    await expect(ceph.startWriter('shared', '127.0.0.2')).rejects.toThrow('the writer is not at 127.0.0.2');
    expect(await seenBy('n2').ensureCleared(patience)).toEqual(done({ removed: ['127.0.0.2:0/0'] }));
    const cleared = await ceph.startWriter('shared', '127.0.0.2');
    cleared.stop();
    expect(await seenBy('n3', 'n2').ensureCleared(patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('EACCES'),
    });
    expect(await listed()).toContain('127.0.0.3:0/0');
    const both = ['127.0.0.3:0/0', '[2001:db8::3]:0/0'];
    expect(await seenBy('n3').ensureCleared(patience)).toEqual(done({ removed: both }));
    expect(await listed()).not.toContain(':0/0');
  }, 60_000);

  const look = (id: string) => cephLook({ run, conf: ceph.conf, id, nodes });

  test('shows the doctor what its user may, and hides the rights of that user from it', async () => {
    const seen = look('fence');
    expect(await seen.status()).toMatchObject({ kind: 'done', value: { health: expect.stringMatching(/^HEALTH_/) } });
    expect(await seen.blocklist()).toMatchObject({ kind: 'done', value: expect.any(Number) });
    expect(await seen.silentOsds()).toEqual(done([]));
    expect(await seen.caps()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('EACCES') });
  }, 40_000);

  test('shows the doctor which rights a user has, who may see them', async () => {
    const mon = 'allow r, allow command "auth get", allow command "osd blocklist" with blocklistop=add';
    await ceph.addUser('open', ['mon', mon, 'osd', 'allow *']);
    expect(await look('open').caps()).toEqual(done({ mon, osd: 'allow *' }));
  }, 40_000);

  test('refuses the doctor what its user may not: to ask OSDs, to read, to be there at all', async () => {
    await ceph.addUser('weak', ['mon', 'allow r']);
    expect(await look('weak').silentOsds()).toMatchObject({ kind: 'refused' });
    expect(await look('nobody').status()).toMatchObject({ kind: expect.stringMatching(/refused|unknown/) });
  }, 40_000);

  test('leaves it unknown to a user that may not read, and to one that has no key', async () => {
    await ceph.addUser('unread', ['osd', 'allow *']);
    for (const id of ['unread', 'nobody']) {
      expect(await seenBy('n2', id).observe(patience)).toMatchObject({ kind: 'unknown' });
    }
  });

  test('covers each address of the node, of both families', async () => {
    expect(await fence('n3')).toMatchObject({
      kind: 'done',
      value: { evidence: expect.stringContaining('127.0.0.3:0/0 and [2001:db8::3]:0/0') },
    });
  }, 40_000);

  test('is no proof while an entry stands that ends soon: Ceph does not prolong it', async () => {
    await ceph.must('ceph', 'osd', 'blocklist', 'add', '127.0.0.4', '3600');
    expect(await fence('n4')).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^not proven: 127\.0\.0\.4:0\/0 is too short: it stood in the blocklist before, /),
    });
  }, 40_000);

  test('is no proof while an OSD that is up does not answer, and is one when it is down', async () => {
    await ceph.signalOsd(1, 'SIGSTOP');
    const hasty = await fenceAs('fence').fence({ node: 'n5', session: 's' }, { deadlineMs: 2500 });
    expect(hasty).toMatchObject({ kind: 'unknown' });
    expect(await fence('n5')).toMatchObject({
      kind: 'done',
      value: { evidence: expect.stringContaining('the OSD that is up refuses 127.0.0.5:0/0') },
    });
    await ceph.signalOsd(1, 'SIGCONT');
  }, 60_000);

  test('is refused to a user that may not ask the OSDs, and to one that may not add', async () => {
    await ceph.addUser('blind', caps.slice(0, 2));
    expect(await fenceAs('blind').fence({ node: 'n3', session: 's' }, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/osd\.0.* did not say that it refuses .*EACCES/),
    });
    await ceph.addUser('idle', ['mon', 'allow r', 'osd', 'allow *']);
    expect(await fenceAs('idle').fence({ node: 'n3', session: 's' }, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('EACCES'),
    });
  }, 60_000);
});
