// The disks of the lab and their paths, wherever their images lie.
import type { DiskSpec } from '../../src/core/records.ts';
import type { Network } from './hosts.ts';
import type { WriterPath } from './writer.ts';

export const disks = ['00001', '00002', '00003', '00004'];
export const pathsPerDisk = 3;
const port = 3260;

/** A path of the lab, with its place in Consul. */
export interface LabPath extends WriterPath {
  readonly index: number;
}

export function labPaths(network: Network): LabPath[] {
  return disks.flatMap((disk, number) =>
    Array.from({ length: pathsPerDisk }, (_, region) => {
      const tag = number * pathsPerDisk + region + 1;
      const iqn = `iqn.2026-01.net.example:${disk}`;
      const index = region + 1;
      return { name: `${disk}/${index}`, disk, index, ip: network.address(1, tag), port, iqn, tag, region };
    }),
  );
}

/** What gateways are told of a disk, its image left out. */
export function specOf(disk: string, network: Network): Omit<DiskSpec, 'backstore'> {
  const paths = labPaths(network).filter((path) => path.disk === disk);
  return {
    desired: 'started',
    iqn: `iqn.2026-01.net.example:${disk}`,
    wwn: `60014050000000${disk.slice(-2)}`,
    access: { initiators: [] },
    paths: paths.map(({ index, ip }) => ({ index, ip, prefix: network.prefixLength, interface: network.interface })),
  };
}
