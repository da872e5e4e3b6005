// What is known of a writer's blocks: how its writes went in a window, and whether an image holds what it must.
import { closeSync, openSync, readSync } from 'node:fs';
import { blockBytes, judgeSlot, offsetOf, slots } from './block.ts';
import { now } from './clock.ts';
import type { PathFigures } from './initiator.ts';
import type { WriteRecord } from './writer.ts';

interface Written {
  readonly path: { readonly name: string; readonly tag: number; readonly region: number };
  readonly records: readonly WriteRecord[];
  readonly misreads: readonly string[];
  readonly reads: number;
  readonly logins: number;
  readonly acknowledged: number;
  readonly issued: number;
}

/** `isFailed` hears how a write stood at the end of the window. */
export function figuresOf(
  writer: Written,
  from: number,
  to: number,
  isFailed: (record: WriteRecord, end: number) => boolean,
): PathFigures {
  const end = Math.min(to, now());
  const window = writer.records.filter(
    (record) => record.issuedAt < end && (record.acknowledgedAt ?? Infinity) >= from,
  );
  const latencies = window.map(
    (record) => Math.min(record.acknowledgedAt ?? end, end) - Math.max(record.issuedAt, from),
  );
  return {
    path: writer.path.name,
    writes: window.length,
    failed: window.filter((record) => isFailed(record, end)).length,
    latenciesMs: latencies,
    issuedAt: window.map((record) => record.issuedAt),
    misreads: writer.misreads,
    reads: writer.reads,
    logins: writer.logins,
  };
}

export function judgeImage(writer: Written, image: string): string[] {
  const { name, region, tag } = writer.path;
  const file = openSync(image, 'r');
  const problems: string[] = [];
  for (let slot = 0; slot < slots; slot += 1) {
    const block = Buffer.alloc(blockBytes);
    readSync(file, block, 0, blockBytes, offsetOf(region, slot));
    const problem = judgeSlot(block, tag, slot, writer.acknowledged, writer.issued);
    if (problem !== null) problems.push(`path ${name} read from the image: ${problem}`);
  }
  closeSync(file);
  return problems;
}
