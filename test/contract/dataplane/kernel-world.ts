// A gateway whose kernel has an iSCSI target, and an initiator in a namespace: `npm run vm` is such a machine.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunner } from '../../../adapters/run.ts';
import { imagesIn, mustOf, patience, type World } from './world.ts';

export type KernelWorld = Pick<World, 'gateway' | 'initiator' | 'initiatorPrefix' | 'folder' | 'image' | 'close'>;

/** The kernel has one target for all namespaces: nothing but a machine of its own is safe to try it on. */
export const kernelTargetMissing = (): string | null =>
  process.env['PATHWARDEN_VM'] === undefined ? 'the kernel target is tried by `npm run vm`' : null;

export async function createKernelWorld(): Promise<KernelWorld> {
  const gateway = createRunner();
  const initiatorPrefix = ['ip', 'netns', 'exec', 'initiator'];
  const initiator = createRunner({ prefixArgv: initiatorPrefix });
  const must = mustOf(gateway);
  // Whatever a test that failed left behind.
  await gateway(['ip', 'netns', 'del', 'initiator'], patience);
  await gateway(['ip', 'link', 'del', 'eth0'], patience);
  await must('ip netns add initiator');
  await must('ip link add eth0 type veth peer name eth0 netns initiator');
  await mustOf(initiator)('ip link set lo up');
  await mustOf(initiator)('ip addr add 10.9.0.2/24 dev eth0');
  for (const run of [gateway, initiator]) await mustOf(run)('ip link set eth0 up');
  const folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
  return {
    gateway,
    initiator,
    initiatorPrefix,
    folder,
    image: imagesIn(folder),
    async close() {
      await must('ip netns del initiator');
      await gateway(['ip', 'link', 'del', 'eth0'], patience);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How many commands came to the LUN of a portal group: a write that waits for the device is not counted there. */
export const commandsOf = async (group: string): Promise<number> =>
  Number(await readFile(join(group, 'lun/lun_1/statistics/scsi_tgt_port/in_cmds'), 'utf8'));

/** A block device whose commands hang on request, as those of a disk do whose cable is pulled. */
export async function suspendableDevice({ gateway, image }: KernelWorld) {
  const name = 'pathwarden-suspendable';
  const ask = mustOf(gateway);
  const loop = await ask(`losetup --find --show ${await image('device')}`);
  await ask(`dmsetup create ${name} --noudevrules --noudevsync --table`, `0 ${8 * 2048} linear ${loop} 0`);
  const minor = (await ask(`dmsetup info -c --noheadings -o minor ${name}`)).trim();
  const path = `/dev/dm-${minor}`;
  return {
    path,
    suspend: () => ask(`dmsetup suspend --nolockfs --noflush --noudevsync ${name}`),
    resume: () => ask(`dmsetup resume --noudevsync ${name}`),
    async close() {
      await ask(`dmsetup remove --noudevsync ${name}`);
      await ask(`losetup -d ${loop}`);
    },
  };
}
