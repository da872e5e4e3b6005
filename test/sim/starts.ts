// What a journal says of the starts of its daemons.
import type { MemoryImage } from '../../adapters/journal/memory.ts';
import { decodeRecord } from '../../adapters/journal/rows.ts';

export const lastSeqIn = ({ records }: MemoryImage): number => {
  const last = records.at(-1);
  return last === undefined ? 0 : decodeRecord(last).seq;
};

/** A daemon that found this record as the last one has written down that it started. */
export function hasStartSince(seq: number, { records }: MemoryImage): boolean {
  for (const row of records.toReversed()) {
    const record = decodeRecord(row);
    if (record.seq <= seq) return false;
    if (record.event.type === 'node.started') return true;
  }
  return false;
}
