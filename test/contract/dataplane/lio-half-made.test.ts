// Every change is cut short before each of its steps: whatever that leaves, a new daemon makes whole, and removes.
import { appendFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configfs, type Configfs } from '../../../adapters/target/configfs.ts';
import { lioTarget } from '../../../adapters/target/lio.ts';
import { unknown } from '../../../src/ports/outcome.ts';
import type { TargetPort, TargetSpec } from '../../../src/ports/dataplane.ts';
import { inquire } from './initiator.ts';
import { createKernelWorld, kernelTargetMissing, type KernelWorld } from './kernel-world.ts';
import { first, root, second } from './lio-disk.ts';
import { done, iqn, oneDisk, serveDisk } from './one-disk.ts';
import { patience } from './world.ts';

const name = 'iqn.1994-05.com.example:one';
const stepsMax = 200;

const kernel = configfs(root);

/** A daemon that is killed before its step `stop`, counted over all its calls. */
function dying(stop: number): { target: TargetPort; isDead: () => boolean } {
  let taken = 0;
  const cut: Configfs = {
    ...kernel,
    async change(steps, options) {
      const now = steps.slice(0, Math.max(0, stop - taken));
      taken += now.length;
      if (now.length === steps.length) return kernel.change(steps, options);
      await kernel.change(now, options);
      return unknown('the process ended');
    },
  };
  return { target: lioTarget({ kernel: cut }), isDead: () => taken >= stop };
}

// Skipped where the kernel is not ours to try it on.
describe.skipIf(kernelTargetMissing() !== null)('the lio target, cut short', () => {
  let world: KernelWorld;
  let spec: TargetSpec;
  let other: TargetSpec;
  let states = 0;
  const whole = lioTarget({ kernel });

  const serve = (wanted: TargetSpec): Promise<void> => serveDisk(lioTarget({ kernel }), wanted, [first, second]);
  const clear = async (): Promise<void> => {
    const next = lioTarget({ kernel });
    for (const portal of [first, second]) expect(await next.ensureClosed(portal, patience)).toEqual(done);
    expect(await next.ensureRemoved(spec, patience)).toEqual(done);
    const view = await next.observe(patience);
    expect(view).toMatchObject({ value: { targets: [], portals: [] } });
  };
  const seen = async () => {
    const view = await whole.observe(patience);
    if (view.kind !== 'done') throw new Error(view.reason);
    const [target] = view.value.targets;
    const { initiators = null, users } = target?.rules ?? {};
    return { ...target, initiators: initiators?.toSorted() ?? null, users, portals: view.value.portals.length };
  };
  /** Cuts the work at each of its steps, until it gets through whole. */
  const atEachStep = async (work: (target: TargetPort) => Promise<unknown>, then: () => Promise<void>) => {
    for (let stop = 0; stop < stepsMax; stop += 1) {
      const { target, isDead } = dying(stop);
      await work(target);
      if (!isDead()) return;
      states += 1;
      await then();
    }
    throw new Error('the work has no end');
  };

  beforeAll(async () => {
    world = await createKernelWorld();
    for (const { ip } of [first, second]) {
      await world.gateway(['ip', 'addr', 'add', `${ip}/24`, 'dev', 'eth0'], patience);
    }
    const [secretFile, targetFile] = [join(world.folder, 'secret'), join(world.folder, 'target-secret')];
    await writeFile(secretFile, 'correcthorse1');
    await writeFile(targetFile, 'batterystaple');
    const chap = { user: 'ada', secretFile, mutual: { user: 'disk', secretFile: targetFile } };
    spec = { ...(await oneDisk(world)), access: { initiators: [name], chap } };
    other = { ...spec, access: { initiators: [`${name}x`] } };
  });
  afterAll(async () => {
    const file = process.env['PATHWARDEN_VM_METRICS'];
    if (file !== undefined) appendFileSync(file, `halfMadeStates ${states}\n`);
    await whole.ensureRemoved(spec, patience);
    await world.close();
  });

  test('becomes whole after its making was cut short', async () => {
    await atEachStep(
      async (target) => {
        await target.ensureDefined(spec, patience);
        await target.ensureOpen(first, patience);
        await target.ensureOpen(second, patience);
      },
      async () => {
        await serve(spec);
        expect(await seen()).toMatchObject({ accepts: true, wwn: spec.wwn, users: ['ada'], portals: 2 });
        await clear();
      },
    );
    await clear();
    expect(await readdir(join(root, 'core'))).toEqual(['alua']);
  });

  test('is removed whole after its making was cut short', async () => {
    await atEachStep(
      async (target) => {
        await target.ensureDefined(spec, patience);
        await target.ensureOpen(first, patience);
      },
      clear,
    );
    await clear();
    expect(await seen()).toMatchObject({ portals: 0 });
  });

  test('has the new rules after their change was cut short', async () => {
    await serve(spec);
    await atEachStep(
      (target) => target.ensureDefined(other, patience),
      async () => {
        await serve(other);
        expect(await seen()).toMatchObject({ initiators: other.access.initiators, users: [], portals: 2 });
        await serve(spec);
      },
    );
    await clear();
  });

  test('is closed and removed, or open again, after its end was cut short', async () => {
    const end = async (target: TargetPort): Promise<void> => {
      await target.ensureClosed(first, patience);
      await target.ensureRemoved(spec, patience);
    };
    await serve(spec);
    await atEachStep(end, async () => {
      await clear();
      await serve(spec);
    });
    await serve(other);
    await atEachStep(end, () => serve(other));
    await serve(other);
    expect(await inquire(world, first.ip, iqn, `${name}x`)).toContain('Vendor:PATHWRDN');
    await clear();
  });
});
