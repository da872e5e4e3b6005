// Two paths of one disk, served by the kernel's target.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { lioDataPlane } from '../../../adapters/dataplane.ts';
import { lioSizes } from '../../../adapters/target/lio-sizes.ts';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import { type Session, sessionsWith } from './initiator.ts';
import { createKernelWorld, type KernelWorld } from './kernel-world.ts';
import { diskShown, iqn, oneDisk, serveDisk } from './one-disk.ts';
import { patience } from './world.ts';

export const root = '/sys/kernel/config/target';
export const first: Portal = { iqn, ip: '10.9.0.1', port: 3260, tag: 1 };
export const second: Portal = { iqn, ip: '10.9.0.10', port: 3260, tag: 2 };

/** The folder of a portal group. */
export const group = (tag: number): string => join(root, 'iscsi', iqn, `tpgt_${tag}`);

/** Before each test, a new disk that nobody serves yet. */
export function useLioDisk() {
  const sessions = sessionsWith(iqn);
  let world: KernelWorld;
  let plane: DataPlane;
  let spec: TargetSpec;
  beforeAll(async () => {
    world = await createKernelWorld();
    plane = lioDataPlane({ run: world.gateway });
    for (const { ip } of [first, second]) {
      await plane.address.ensureAdded({ ip, prefix: 24, interface: 'eth0' }, patience);
    }
  });
  beforeEach(async () => {
    spec = await oneDisk(world);
  });
  afterEach(async () => {
    await sessions.close();
    await plane.target.ensureRemoved(spec, patience);
  });
  afterAll(() => world.close());
  return {
    get world() {
      return world;
    },
    get plane() {
      return plane;
    },
    get spec() {
      return spec;
    },
    /** What `serve` defines from now on. */
    set spec(wanted) {
      spec = wanted;
    },
    serve: (...portals: Portal[]): Promise<void> => serveDisk(plane.target, spec, portals),
    login: (ip: string): Session => sessions.login(world, ip),
    shown: () => diskShown(plane),
    shownMegabytes: () => lioSizes().shownMegabytes(),
  };
}
