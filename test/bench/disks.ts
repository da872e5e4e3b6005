// Disks with four paths each, written straight into Consul as the operator's command would.
import type { DiskSpec } from '../../src/core/records.ts';
import { type Entry, listKeys, putKeys } from './kv.ts';
import { until } from '../lab/clock.ts';

export const pathsPerDisk = 4;

export async function addDisks(consul: string, prefix: string, paths: number): Promise<void> {
  const count = paths / pathsPerDisk;
  const entries = Array.from({ length: count }, (_, disk): Entry => [
    `${prefix}disks/${diskId(disk)}`,
    JSON.stringify(specOf(disk)),
  ]);
  await putKeys(consul, entries);
}

const diskId = (disk: number): string => String(disk + 1).padStart(5, '0');

function specOf(disk: number): DiskSpec {
  return {
    desired: 'started',
    iqn: `iqn.2026-01.net.example:${diskId(disk)}`,
    wwn: `6001405${diskId(disk).padStart(9, '0')}`,
    backstore: { kind: 'memory' },
    access: { initiators: [] },
    paths: Array.from({ length: pathsPerDisk }, (_, position) => ({
      index: position + 1,
      ip: `10.${String(100 + position)}.${String(Math.floor(disk / 250))}.${String((disk % 250) + 1)}`,
      prefix: 16,
      interface: `eth${String(position % 2)}`,
    })),
  };
}

/** Paths that are held, by the session that holds them. */
export async function held(consul: string, prefix: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { Session } of await listKeys(consul, `${prefix}paths/`)) {
    if (Session !== undefined) counts.set(Session, (counts.get(Session) ?? 0) + 1);
  }
  return counts;
}

export interface Serving {
  readonly url: string;
}

/** Until these daemons together say that they serve `paths` paths. */
export async function untilServed(daemons: readonly Serving[], paths: number, deadlineMs: number): Promise<void> {
  await until(`${String(paths)} paths served`, deadlineMs, async () => {
    const counts = await Promise.all(daemons.map(({ url }) => servedBy(url)));
    return counts.reduce((sum, count) => sum + count, 0) === paths;
  });
}

async function servedBy(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^pathwarden_paths_serving (\d+)/m.exec(text)?.[1] ?? 0);
}
