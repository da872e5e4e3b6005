// The kernel inside its bootable image. QEMU starts it as it is, and an emulated processor need not unpack it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, readFile, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Offsets in the header of an image, as in Documentation/arch/x86/boot.rst. */
const header = { setupSectors: 0x1f1, payloadOffset: 0x248, payloadLength: 0x24c } as const;
const sectorBytes = 512;
/** The payload ends with how long it is when unpacked. */
const lengthBytes = 4;
const startOfXz = Buffer.from('fd377a585a00', 'hex');

/** Its file, beside the image; the image itself when it is not packed as Debian's are. */
export async function uncompressed(image: string): Promise<string> {
  const file = image.replace('vmlinuz', 'vmlinux');
  if (await isThere(file)) return file;
  const payload = payloadOf(await readFile(image));
  if (!payload.subarray(0, startOfXz.length).equals(startOfXz)) return image;
  const written = `${file}.${process.pid}`;
  try {
    await unpack(payload, written);
    // Whole or not at all, also when another process does the same.
    await rename(written, file);
  } finally {
    await rm(written, { force: true });
  }
  return file;
}

function payloadOf(image: Buffer): Buffer {
  const begin = (image.readUInt8(header.setupSectors) + 1) * sectorBytes + image.readUInt32LE(header.payloadOffset);
  return image.subarray(begin, begin + image.readUInt32LE(header.payloadLength) - lengthBytes);
}

async function unpack(packed: Buffer, file: string): Promise<void> {
  const child = spawn('xz', ['--decompress', '--stdout'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  child.stdin.end(packed);
  const [, [code]] = await Promise.all([pipeline(child.stdout, createWriteStream(file)), ended]);
  if (code !== 0) throw new Error(`xz ended with ${code}`);
}

const isThere = (file: string): Promise<boolean> => access(file).then(() => true, () => false);
