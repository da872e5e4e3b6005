// A disk of PetaSAN on a real Ceph, read by the command that imports it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bench } from '../../cli/fake-terminal.ts';
import { type CephCluster, cephMissing, startCeph } from './ceph-cluster.ts';

const password = 'nightingale-88';
const meta = (over: object = {}): string => JSON.stringify({
  acl: 'iqn.1991-05.com.microsoft:host1,iqn.1998-01.com.vmware:host2',
  create_date: '2019-05-12',
  description: '',
  disk_name: 'accounts',
  id: '00001',
  iqn: 'iqn.2016-05.com.petasan:00001',
  is_replication_target: false,
  password: '',
  paths: [
    { eth: 'eth2', ip: '10.0.2.101', locked_by: '', subnet_mask: '255.255.255.0', vlan_id: '' },
    { eth: 'eth3', ip: '10.0.3.101', locked_by: '', subnet_mask: '255.255.254.0', vlan_id: '30' },
  ],
  pool: 'rbd',
  size: 64,
  user: '',
  wwn: '9a64c80e00001',
  ...over,
}, null, 4);

const disk = {
  desired: 'stopped',
  iqn: 'iqn.2016-05.com.petasan:00001',
  wwn: '9a64c80e00001000',
  backstore: { kind: 'rbd', pool: 'rbd', image: 'image-00001' },
  access: { initiators: ['iqn.1991-05.com.microsoft:host1', 'iqn.1998-01.com.vmware:host2'] },
  paths: [
    { index: 1, ip: '10.0.2.101', prefix: 24, interface: 'ens2' },
    { index: 2, ip: '10.0.3.101', prefix: 23, interface: 'eth3', vlan: 30 },
  ],
};

// Without Debian's packages there is nothing real to run.
describe.skipIf(cephMissing())('a disk of PetaSAN', () => {
  let ceph: CephCluster;
  const importing = (image: string, ...words: readonly string[]): string =>
    ['disk import', image, '--ceph-id admin --ceph-conf', ceph.conf, '--interface eth2=ens2', ...words].join(' ');
  const create = async (image: string): Promise<void> => void (await ceph.must('rbd', 'create', image, '--size', '64'));

  beforeAll(async () => {
    ceph = await startCeph();
    await create('image-00001');
  }, 90_000);
  afterAll(() => ceph?.close());

  test('is not found without its metadata, and not without its image', async () => {
    const { pathwarden, agent } = await bench();
    for (const image of ['rbd/image-00001', 'rbd/image-00009']) {
      expect(await pathwarden(importing(image))).toMatchObject({ code: 4 });
    }
    expect(agent.posted).toEqual([]);
  });

  test('of a Ceph that cannot be read nothing is said, and nothing is imported', async () => {
    const { pathwarden, agent } = await bench();
    const { code, errors } = await pathwarden(importing('rbd/image-00001', '--ceph-conf /nonexistent'));
    expect({ code, errors }).toMatchObject({ code: 21, errors: expect.stringContaining('nothing was imported') });
    expect(agent.posted).toEqual([]);
  });

  test('is imported from the attribute in which PetaSAN 2 keeps it, and the image stays as it is', async () => {
    const info = JSON.parse(await ceph.must('rbd', 'info', 'image-00001', '--format', 'json')) as { id: string };
    const attribute = ['--pool', 'rbd', 'setxattr', `rbd_header.${info.id}`, 'petasan-metada', meta()];
    await ceph.must('rados', ...attribute);
    const before = await ceph.must('rbd', 'info', 'image-00001', '--format', 'json');
    const { pathwarden, agent } = await bench();
    expect(await pathwarden(importing('rbd/image-00001', '--wait 0'))).toMatchObject({ code: 0 });
    expect(agent.posted).toMatchObject([{ actor: 'disk/00001', event: { type: 'operator.add', spec: disk } }]);
    expect(await ceph.must('rbd', 'info', 'image-00001', '--format', 'json')).toBe(before);
  });

  test('is imported from the metadata of its image, and its password is nowhere in what is said', async () => {
    await create('image-00002');
    await ceph.must('rbd', 'image-meta', 'set', 'image-00002', 'petasan-metadata', meta({ user: 'ada', password }));
    const { pathwarden, agent } = await bench();
    const without = await pathwarden(importing('rbd/image-00002'));
    expect(without.code).toBe(2);
    expect(without.errors).toContain('CHAP user ada: put its password into a file on each gateway');
    const printed = await pathwarden(importing('rbd/image-00002', '--chap-secret-file /etc/pathwarden/ada --print'));
    expect(printed.out).toContain('# disk 00001\ndesired: stopped');
    expect(printed.out).toContain('secretFile: /etc/pathwarden/ada');
    expect(without.errors + without.out + printed.out + printed.errors).not.toContain(password);
    expect(agent.posted).toEqual([]);
  });

  test('is left alone while somebody has its image open', async () => {
    const writer = await ceph.startWriter('image-00001', '127.0.0.2');
    try {
      const { pathwarden, agent } = await bench();
      const { code, errors } = await pathwarden(importing('rbd/image-00001'));
      expect({ code, errors }).toMatchObject({ code: 5, errors: expect.stringContaining('is open at 127.0.0.2:0/') });
      expect(agent.posted).toEqual([]);
      expect(await pathwarden(importing('rbd/image-00001', '--print'))).toMatchObject({ code: 0 });
    } finally {
      writer.stop();
    }
  }, 20_000);
});
