// The one disk that a test of a target serves to real initiators.
import { expect } from 'vitest';
import type { DataPlane, Portal, TargetPort, TargetSight, TargetSpec } from '../../../src/ports/dataplane.ts';
import { patience, type World } from './world.ts';

export const done = { kind: 'done', value: null };
export const iqn = 'iqn.2026-11.io.pathwarden:00001';

/** On a new image, open to anyone. */
export async function oneDisk({ image }: Pick<World, 'image'>): Promise<TargetSpec> {
  const backing = { kind: 'file' as const, path: await image('one'), sizeBytes: 8 * 1024 * 1024 };
  return { disk: '00001', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };
}

export async function serveDisk(target: TargetPort, spec: TargetSpec, portals: readonly Portal[]): Promise<void> {
  expect(await target.ensureDefined(spec, patience)).toEqual(done);
  for (const portal of portals) expect(await target.ensureOpen(portal, patience)).toEqual(done);
}

/** What the target shows of it; undefined when it has no such target. */
export async function diskShown({ target }: Pick<DataPlane, 'target'>): Promise<TargetSight | undefined> {
  const view = await target.observe(patience);
  if (view.kind !== 'done') throw new Error(view.reason);
  return view.value.targets.find((one) => one.iqn === iqn);
}
