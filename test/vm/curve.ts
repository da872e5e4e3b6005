// What one more path costs, with many disks present: it must not grow with their number. Leaves its disks behind.
import { mkdirSync, rmdirSync } from 'node:fs';
import { lioDataPlane } from '../../adapters/dataplane.ts';
import type { DataPlane, Portal, TargetSpec } from '../../src/ports/dataplane.ts';
import type { Outcome } from '../../src/ports/outcome.ts';
import { createKernelWorld, type KernelWorld } from '../contract/dataplane/kernel-world.ts';
import { bar, keep, percentile, type Report } from '../lab/report.ts';

const steps = [8, 64, 256];
const samples = 7;
const yardstick = '/run/yardstick';
/** About as long as what it is set against: shorter, it would miss that somebody else has the processor. */
const yardstickRounds = 800;
/** As many at a time as a daemon does. */
const atOnce = 16;
const patience = { deadlineMs: 120_000 };
const verbs = ['add', 'takeOver', 'close', 'remove'] as const;
interface Cost {
  readonly ms: number;
  /** Over the time of the yardstick before and after it: a host that is busier by then shows in both. */
  readonly relative: number;
}
type Costs = Readonly<Record<(typeof verbs)[number], Cost>>;

export async function measureCurve(report: Report): Promise<void> {
  const world = await createKernelWorld();
  const plane = lioDataPlane({ run: world.gateway });
  const disk = diskFactory(await world.image('shared'));
  await addAddresses(world, (steps.at(-1) ?? 0) + 1);
  const costs: Costs[] = [];
  let present = 0;
  for (const disks of steps) {
    const begun = performance.now();
    const more = Array.from({ length: disks - present }, (_, index) => disk(present + index));
    await inParallel(more, (one) => serve(plane, one));
    present = disks;
    keep(report, `serve${more.length}MoreDisksMs`, performance.now() - begun);
    costs.push(await costsOf(plane, disk(disks)));
    keep(report, `yardstickWith${disks}DisksMs`, yardstickMs());
    keep(report, `list${disks}DisksMs`, await listMs(report, plane, disks));
    for (const verb of verbs) keep(report, `${verb}1With${disks}DisksMs`, costs.at(-1)?.[verb].ms ?? Number.NaN);
  }
  for (const verb of verbs) {
    const growth = (costs.at(-1)?.[verb].relative ?? Number.NaN) / (costs[0]?.[verb].relative ?? Number.NaN);
    // Twice is what a machine without a quiet processor shows from one sample to the next.
    bar(report, `${verb}Growth`, growth, 2);
  }
}

interface Disk {
  readonly spec: TargetSpec;
  readonly portals: readonly [Portal, Portal];
}

const ipOf = (disk: number, tag: number): string => `10.${10 + tag}.${Math.floor(disk / 250)}.${(disk % 250) + 1}`;

function diskFactory(path: string) {
  return (index: number): Disk => {
    const iqn = `iqn.2026-11.io.pathwarden:${index}`;
    const portal = (tag: number): Portal => ({ iqn, ip: ipOf(index, tag), port: 3260, tag });
    return {
      spec: {
        disk: String(index),
        iqn,
        wwn: `aabbccdd${(index + 1).toString(16).padStart(8, '0')}`,
        access: { initiators: ['iqn.1994-05.com.example:one'] },
        backing: { kind: 'file', path, sizeBytes: 8 * 1024 * 1024 },
      },
      portals: [portal(1), portal(2)],
    };
  };
}

/** In one go: a program for each would take longer than all the rest. */
async function addAddresses({ gateway }: KernelWorld, disks: number): Promise<void> {
  const lines = [1, 2].flatMap((tag) =>
    Array.from({ length: disks }, (_, disk) => `addr add ${ipOf(disk, tag)}/32 dev eth0`),
  );
  const added = await gateway(['ip', '-batch', '-'], { ...patience, input: `${lines.join('\n')}\n` });
  if (added.kind !== 'exited' || added.code !== 0) throw new Error(JSON.stringify(added));
}

async function serve({ target }: DataPlane, { spec, portals }: Disk): Promise<void> {
  must(await target.ensureDefined(spec, patience));
  for (const portal of portals) must(await target.ensureOpen(portal, patience));
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Of one more disk: made with its first path open; a second path taken over; one path closed; the disk removed. */
async function costsOf({ target }: DataPlane, { spec, portals: [first, second] }: Disk): Promise<Costs> {
  const taken: Record<keyof Costs, Cost[]> = { add: [], takeOver: [], close: [], remove: [] };
  const timed = async (verb: keyof Costs, work: () => Promise<void>): Promise<void> => {
    const before = yardstickMs();
    const begun = performance.now();
    await work();
    const ms = performance.now() - begun;
    taken[verb].push({ ms, relative: ms / (before + yardstickMs()) });
  };
  for (let sample = 0; sample < samples; sample += 1) {
    await timed('add', async () => {
      must(await target.ensureDefined(spec, patience));
      must(await target.ensureOpen(first, patience));
    });
    await timed('takeOver', async () => void must(await target.ensureOpen(second, patience)));
    await timed('close', async () => void must(await target.ensureClosed(first, patience)));
    await timed('remove', async () => void must(await target.ensureRemoved(spec, patience)));
  }
  const middle = (verb: keyof Costs, what: keyof Cost): number => percentile(taken[verb].map((one) => one[what]), 0.5);
  const costs = verbs.map((verb) => [verb, { ms: middle(verb, 'ms'), relative: middle(verb, 'relative') }]);
  return Object.fromEntries(costs) as Costs;
}

/** The time of some work that is always the same, whatever the target has. */
function yardstickMs(): number {
  const begun = performance.now();
  for (let round = 0; round < yardstickRounds; round += 1) {
    mkdirSync(yardstick);
    rmdirSync(yardstick);
  }
  return performance.now() - begun;
}

async function listMs(report: Report, { target }: DataPlane, disks: number): Promise<number> {
  const begun = performance.now();
  const { targets, portals } = must(await target.observe(patience));
  if (targets.length !== disks) report.failures.push(`${targets.length} targets of ${disks} disks`);
  if (portals.length !== disks * 2) report.failures.push(`${portals.length} portals of ${disks} disks`);
  return performance.now() - begun;
}

export function must<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
}
