// How long the judge takes the disk of a journal into account.
import { describe, expect, it } from 'vitest';
import { JournalFaults } from './journal-faults.ts';
import { World } from './world.ts';

async function at(world: World, ms: number): Promise<void> {
  await world.run(ms);
}

describe('the trouble of a journal', () => {
  it('is felt while it lasts, and not before it began', async () => {
    const world = new World();
    const faults = new JournalFaults(world);
    expect(faults.feltSince(world.nowMs)).toBe(false);
    await at(world, 100);
    faults.set('hang');
    await at(world, 60_000);
    expect(faults.feltSince(world.nowMs)).toBe(true);
  });

  it('that began and ended between two looks is felt at the second', async () => {
    const world = new World();
    const faults = new JournalFaults(world);
    await at(world, 20_000);
    const heardAtMs = world.nowMs;
    await at(world, 20_005);
    faults.set('full');
    await at(world, 20_010);
    faults.set(null);
    await at(world, 20_081);
    expect(faults.feltSince(heardAtMs)).toBe(true);
  });

  it('is felt after it for as long as the daemon may need to notice, and no longer', async () => {
    const world = new World();
    const faults = new JournalFaults(world);
    faults.set('full');
    await at(world, 1_000);
    faults.set(null);
    expect(faults.feltSince(2_900)).toBe(true);
    expect(faults.feltSince(3_100)).toBe(false);
  });
});
