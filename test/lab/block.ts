// What writers put on the disk: every block says whose it is, which write it was, and proves itself with a checksum.
import { crc32 } from 'node:zlib';

export const blockBytes = 4096;
/** Blocks per path: a write reuses the place of the write `slots` before it, so a late old write would be seen. */
export const slots = 32;
export const regionBytes = blockBytes * slots;

const magic = 0x70617468;
const headerBytes = 24;

/** Where write number `sequence` of the path with this region goes, in bytes from the start of the disk. */
export const offsetOf = (region: number, sequence: number): number =>
  region * regionBytes + (sequence % slots) * blockBytes;

/** magic, tag, sequence, checksum of the body; the body is drawn from tag and sequence. */
export function encodeBlock(tag: number, sequence: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.writeUInt32BE(magic, 0);
  block.writeUInt32BE(tag, 4);
  block.writeBigUInt64BE(BigInt(sequence), 8);
  let state = (tag * 2_654_435_761 + sequence * 40_503 + 1) >>> 0;
  for (let at = headerBytes; at < blockBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    block.writeUInt32BE(state, at);
  }
  block.writeUInt32BE(crc32(block.subarray(headerBytes)), 16);
  return block;
}

/** The write that this block holds; `empty` was never written; `broken` says what is wrong. */
export type Decoded =
  | { readonly kind: 'write'; readonly sequence: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'broken'; readonly reason: string };

export function decodeBlock(block: Buffer, tag: number): Decoded {
  if (block.every((byte) => byte === 0)) return { kind: 'empty' };
  if (block.length !== blockBytes || block.readUInt32BE(0) !== magic) return { kind: 'broken', reason: 'not a block' };
  if (block.readUInt32BE(4) !== tag) return { kind: 'broken', reason: `belongs to path ${block.readUInt32BE(4)}` };
  const sequence = Number(block.readBigUInt64BE(8));
  if (!block.equals(encodeBlock(tag, sequence))) return { kind: 'broken', reason: `write ${sequence} is damaged` };
  return { kind: 'write', sequence };
}

/** What a slot may hold: nothing older than the newest acknowledged write, nothing newer than the newest issued one. */
export function judgeSlot(
  block: Buffer,
  tag: number,
  slot: number,
  acknowledged: number,
  issued: number,
): string | null {
  const oldest = newestInSlot(slot, acknowledged);
  const newest = newestInSlot(slot, issued);
  const found = decodeBlock(block, tag);
  if (found.kind === 'broken') return `slot ${slot}: ${found.reason}`;
  const sequence = found.kind === 'empty' ? 0 : found.sequence;
  if (sequence < oldest) return `slot ${slot}: holds write ${sequence}, but write ${oldest} was acknowledged`;
  if (sequence > newest || (sequence !== 0 && sequence % slots !== slot)) {
    return `slot ${slot}: holds write ${sequence}, which was never issued there`;
  }
  return null;
}

/** The newest write up to `sequence` that belongs into the slot; 0 when there is none (writes count from 1). */
function newestInSlot(slot: number, sequence: number): number {
  const newest = sequence - ((((sequence - slot) % slots) + slots) % slots);
  return newest > 0 ? newest : 0;
}
