// What Linux says about one process.
import { readFileSync } from 'node:fs';

/** Every Linux that Node runs on counts process time in hundredths of a second. */
const ticksPerSecond = 100;

/** User and system time of all its threads. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name in parentheses may hold blanks; the fields after it do not.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN);
  return Math.round((kilobytes * 1024) / 100_000) / 10;
}
