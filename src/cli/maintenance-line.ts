// A maintenance in one line, the same in every list.
import type { MaintenanceSummary } from '../ports/inspector.ts';
import { clockTime } from './output.ts';

/** `maintenance since 2026-01-31 12:03:04 (ada: new switch), until about 2026-01-31 14:03:04` */
export function maintenanceLine({ by, reason, since, until }: MaintenanceSummary): string {
  const end = until === null ? '' : `, until about ${toSeconds(until)}`;
  return `maintenance since ${toSeconds(since)} (${by}: ${reason})${end}`;
}

const toSeconds = (milliseconds: number): string => clockTime(milliseconds).slice(0, -'.000'.length);
