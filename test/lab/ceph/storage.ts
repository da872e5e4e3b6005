// Disks that are images of Ceph, in two pools. Half of them come from PetaSAN, with its description beside the image.
import { rmSync } from 'node:fs';
import type { Gateway } from '../gateway.ts';
import type { Host, Network } from '../hosts.ts';
import { specOf } from '../paths.ts';
import { imageBytes, type Storage } from '../storage.ts';
import type { LabCeph } from './ceph.ts';

const ofPetasan = new Set(['00003', '00004']);
const fenceDeadlineMs = 20_000;

export function cephStorage(network: Network, ceph: LabCeph, gateways: readonly Host[], folder: string): Storage {
  const nodes = Object.fromEntries(gateways.map(({ name, address }) => [name, [address]]));
  return {
    gateway: {
      ceph: { conf: ceph.conf, id: ceph.id },
      methods: [{ method: 'ceph', nodes, deadlineMs: fenceDeadlineMs }],
    },
    async addDisk(disk, operator) {
      await ceph.must('rbd', 'create', imageOf(disk), '--size', `${String(imageBytes)}B`);
      if (ofPetasan.has(disk)) await importDisk(disk, { network, ceph, operator });
      else await operator.addDisk(disk, { ...specOf(disk, network), backstore: { kind: 'rbd', ...partsOf(disk) } });
    },
    async bytes(disk) {
      const file = `${folder}/${disk}.img`;
      rmSync(file, { force: true });
      await ceph.must('rbd', 'export', '--no-progress', imageOf(disk), file);
      return file;
    },
  };
}

/** `pool/image` of the disk. */
export const imageOf = (disk: string): string => `${partsOf(disk).pool}/${partsOf(disk).image}`;

const partsOf = (disk: string): { pool: string; image: string } => ({
  pool: ['00001', '00003'].includes(disk) ? 'rbd' : 'vms',
  image: `image-${disk}`,
});

interface Import {
  readonly network: Network;
  readonly ceph: LabCeph;
  readonly operator: Gateway;
}

/** As PetaSAN 3 leaves it behind, and as an operator takes it over. */
async function importDisk(disk: string, { network, ceph, operator }: Import): Promise<void> {
  const metadata = JSON.stringify(petasanDisk(disk, network));
  await ceph.must('rbd', 'image-meta', 'set', imageOf(disk), 'petasan-metadata', metadata);
  const access = ['--ceph-conf', ceph.conf, '--ceph-id', ceph.id];
  const interfaces = ['--interface', `eth2=${network.interface}`];
  await operator.command('disk', 'import', imageOf(disk), '--start', ...access, ...interfaces);
}

function petasanDisk(disk: string, network: Network): object {
  const { iqn, paths } = specOf(disk, network);
  return {
    acl: '',
    create_date: '2019-05-12',
    description: '',
    disk_name: `disk ${disk}`,
    id: disk,
    iqn,
    is_replication_target: false,
    password: '',
    paths: paths.map(({ ip }) => ({ eth: 'eth2', ip, locked_by: '', subnet_mask: '255.255.0.0', vlan_id: '' })),
    pool: partsOf(disk).pool,
    size: 1,
    user: '',
    wwn: `9a64c80e${disk}`,
  };
}
