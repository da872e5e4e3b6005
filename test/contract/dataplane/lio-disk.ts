// Two paths of one disk, served by the kernel's target.
import { join } from 'node:path';
import { lioDataPlane } from '../../../adapters/dataplane.ts';
import type { DataPlane, Portal, TargetSight } from '../../../src/ports/dataplane.ts';
import { createKernelWorld, type KernelWorld } from './kernel-world.ts';
import { iqn } from './one-disk.ts';
import { patience } from './world.ts';

export const root = '/sys/kernel/config/target';
export const first: Portal = { iqn, ip: '10.9.0.1', port: 3260, tag: 1 };
export const second: Portal = { iqn, ip: '10.9.0.10', port: 3260, tag: 2 };

/** The folder of a portal group. */
export const group = (tag: number): string => join(root, 'iscsi', iqn, `tpgt_${tag}`);

/** A gateway that has the addresses of both. */
export async function createLioWorld(): Promise<{ readonly world: KernelWorld; readonly plane: DataPlane }> {
  const world = await createKernelWorld();
  const plane = lioDataPlane({ run: world.gateway });
  for (const { ip } of [first, second]) {
    await plane.address.ensureAdded({ ip, prefix: 24, interface: 'eth0' }, patience);
  }
  return { world, plane };
}

/** What the kernel shows of it; undefined when there is no such target. */
export async function diskShown({ target }: DataPlane): Promise<TargetSight | undefined> {
  const view = await target.observe(patience);
  if (view.kind !== 'done') throw new Error(view.reason);
  return view.value.targets.find((one) => one.iqn === iqn);
}
