// Looks for damage in the write-ahead log. SQLite ends its reading at the first bad frame and says nothing, which is
// right for the last transaction of a power cut, and loses what was acknowledged when a bit flipped before it.
import { readFileSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;

/** One clause, or null when all is well or there is no log. Throws when the file cannot be read. */
export function walDamage(file: string): string | null {
  const bytes = contentOf(`${file}-wal`);
  if (bytes === null || bytes.length < headerBytes + frameHeaderBytes) return null;
  const isBigEndian = (bytes.readUInt32BE(0) & 1) === 1;
  const header = sums([0, 0], bytes, 0, 24, isBigEndian);
  if (!matches(header, bytes, 24)) return 'the head of its write-ahead log is not what was written';
  const frameBytes = frameHeaderBytes + bytes.readUInt32BE(8);
  let sum = header;
  let isWhole = true;
  let commitsLost = 0;
  for (let position = headerBytes; position + frameBytes <= bytes.length; position += frameBytes) {
    // Frames of an earlier round lie behind those of this one.
    if (!bytes.subarray(position + 8, position + 16).equals(bytes.subarray(16, 24))) break;
    if (isWhole) {
      sum = sums(sum, bytes, position, 8, isBigEndian);
      sum = sums(sum, bytes, position + frameHeaderBytes, frameBytes - frameHeaderBytes, isBigEndian);
      isWhole = matches(sum, bytes, position + 16);
    }
    const isCommit = bytes.readUInt32BE(position + 4) !== 0;
    if (!isWhole && isCommit) commitsLost += 1;
  }
  // A power cut can tear the last transaction only: the next one begins when it is on disk.
  if (commitsLost < 2) return null;
  return `its write-ahead log is broken before the last ${commitsLost} transactions`;
}

function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

type Sums = readonly [number, number];

/** SQLite's checksum over `length` bytes, going on from `before`. */
function sums(before: Sums, bytes: Buffer, from: number, length: number, isBigEndian: boolean): Sums {
  let [first, second] = before;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, length);
  for (let at = 0; at < length; at += 8) {
    first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0;
    second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0;
  }
  return [first, second];
}

const matches = ([first, second]: Sums, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
