// Where the images of the disks lie: what that means for gateways, and how they are made and read.
import { truncateSync, writeFileSync } from 'node:fs';
import { regionBytes } from './block.ts';
import type { Gateway, GatewayStorage } from './gateway.ts';
import type { Network } from './hosts.ts';
import { pathsPerDisk, specOf } from './paths.ts';

export interface Storage {
  /** What each gateway's configuration says of it. */
  readonly gateway: GatewayStorage;
  /** Makes the image and gives it to the cluster as a disk that is served. */
  addDisk(disk: string, operator: Gateway): Promise<void>;
  /** A file with the bytes of the image, as it is now. */
  bytes(disk: string): Promise<string>;
}

export const imageBytes = Math.max(16 << 20, regionBytes * pathsPerDisk);

/** A lost host is switched off by a command that gets its name as the last argument. */
export const fencedBy = (argv: readonly string[]): GatewayStorage => ({
  methods: [{ method: 'command', argv: [...argv, '{node}'], deadlineMs: 20_000 }],
});

/** Files that all hosts share. A lost host is switched off by the fence command. */
export function fileStorage(network: Network, folder: string, fenceArgv: readonly string[]): Storage {
  const image = (disk: string): string => `${folder}/${disk}.img`;
  return {
    gateway: fencedBy(fenceArgv),
    async addDisk(disk, operator) {
      writeFileSync(image(disk), '');
      truncateSync(image(disk), imageBytes);
      await operator.addDisk(disk, { ...specOf(disk, network), backstore: { kind: 'file', path: image(disk) } });
    },
    bytes: async (disk) => image(disk),
  };
}
