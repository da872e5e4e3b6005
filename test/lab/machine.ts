// How busy the whole machine is: the lab shares it, and a starved rig measures the neighbours.
import { cpus } from 'node:os';

export interface CpuTimes {
  readonly busyMs: number;
  readonly allMs: number;
}

export function cpuTimes(): CpuTimes {
  let idleMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    allMs += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busyMs: allMs - idleMs, allMs };
}

/** Share of all cores that was busy between two readings. */
export const busyPercent = (before: CpuTimes, after: CpuTimes): number =>
  (100 * (after.busyMs - before.busyMs)) / Math.max(1, after.allMs - before.allMs);
